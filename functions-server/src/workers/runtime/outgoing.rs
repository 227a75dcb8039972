//! Recorded requests of `wasi:http`: each is sent once its worker is live, and never again once its response
//! was recorded.

use http::Request;
use http_body_util::{BodyExt as _, Full};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use super::request_outcome::RequestFailure;
use super::requests::{Destination, MAX_BODY, Outbound, RequestSender};
use super::suspension::InFlightRequest;

/// The error of a body while it is sent. Nothing waits for it.
type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;

/// What a store has of `wasi:http`.
pub(super) struct Outgoing {
    requests: RequestSender,
    /// The number of the request that is being sent.
    number: u32,
    /// For the request that is being sent.
    in_flight: InFlightRequest,
}

impl Outgoing {
    pub(super) fn new(requests: RequestSender) -> Self {
        Self {
            requests,
            number: 0,
            in_flight: InFlightRequest::default(),
        }
    }

    /// The next request has this number.
    pub(super) fn begin(&mut self, number: u32, in_flight: InFlightRequest) {
        self.number = number;
        self.in_flight = in_flight;
    }
}

impl WasiHttpHooks for Outgoing {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _body_failed: Io,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Io), Error>> + Send> {
        let (requests, number) = (self.requests.clone(), self.number);
        let in_flight = std::mem::take(&mut self.in_flight);
        let timeout = options.and_then(|options| options.first_byte_timeout);
        Box::new(async move {
            let _in_flight = in_flight;
            let (head, body) = request.into_parts();
            // In a replay too: the guest sees how far its body was read.
            let body = super::requests::collect(body).await;
            let body = body.map_err(|_| Error::HttpRequestBodySize(None))?;
            let request = Request::from_parts(head, body);
            let outbound = Outbound {
                request,
                to: Destination::Server { redirects: 0 },
                timeout,
                limit: MAX_BODY,
            };
            let sent = requests.send(number, outbound).await;
            let response = sent.map_err(|RequestFailure(kind, text)| error(&kind, text))?;
            let response = response.map(|body| {
                let body = Full::new(body);
                body.map_err(|never| match never {}).boxed_unsync()
            });
            Ok((response, Box::new(async { Ok(()) }) as Io))
        })
    }
}

/// The guest's error for a recorded failure.
fn error(kind: &str, text: String) -> Error {
    match kind {
        "denied" => Error::HttpRequestDenied,
        "dns" => Error::DnsError {
            rcode: Some(text),
            info_code: None,
        },
        "connect" => Error::ConnectionRefused,
        "tls" => Error::TlsProtocolError,
        "timeout" => Error::HttpResponseTimeout,
        "too-large" => Error::HttpResponseBodySize(None),
        "protocol" => Error::HttpProtocolError,
        "invalid" => Error::HttpRequestUriInvalid,
        _ => Error::InternalError(Some(text)),
    }
}
