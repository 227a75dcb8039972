//! Recorded requests of `wasi:http`: each is sent once its worker is live, and never again once its response
//! was recorded.

use http::Request;
use http_body_util::{BodyExt as _, Full};
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi_http::p2::bindings::http::outgoing_handler;
use wasmtime_wasi_http::p2::types::{HostFutureIncomingResponse, HostOutgoingRequest};
use wasmtime_wasi_http::p2::{HttpError, HttpResult};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

use super::request_outcome::RequestFailure;
use super::requests::{Destination, MAX_BODY, Outbound, Requests, hash};
use super::state::State;
use super::suspension::InFlight;

/// What the library registers its function under.
const HANDLER: &str = "wasi:http/outgoing-handler@0.2.12";

type Handled = (
    Resource<HostOutgoingRequest>,
    Option<Resource<RequestOptions>>,
);

/// The error of a body while it is sent. Nothing waits for it.
type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;

/// What a store has of `wasi:http`.
pub(super) struct Outgoing {
    requests: Requests,
    /// The number of the request that is being sent.
    number: u32,
    /// For the request that is being sent.
    in_flight: InFlight,
}

impl Outgoing {
    pub(super) fn new(requests: Requests) -> Self {
        Self {
            requests,
            number: 0,
            in_flight: InFlight::default(),
        }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.outgoing,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}

/// Replaces the library's function by one that records.
pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.instance(HANDLER)?.func_wrap(
        "handle",
        |mut store: StoreContextMut<'_, State>, (request, options): Handled| {
            match store.data_mut().handle(request, options) {
                Ok(response) => Ok((Ok(response),)),
                // Other errors than the guest's are traps.
                Err(error) => error.downcast().map(|error| (Err(error),)),
            }
        },
    )
}

impl State {
    fn handle(
        &mut self,
        request: Resource<HostOutgoingRequest>,
        options: Option<Resource<RequestOptions>>,
    ) -> HttpResult<Resource<HostFutureIncomingResponse>> {
        let hash = head_hash(self.table.get(&request)?);
        let number = self.begin("outgoing-handler.handle", hash);
        self.outgoing.number = number.map_err(HttpError::trap)?;
        self.outgoing.in_flight = self.sleeps.begin_request();
        outgoing_handler::Host::handle(&mut self.http(), request, options)
    }
}

/// Stands for the head of a request. The body is not there yet.
fn head_hash(request: &HostOutgoingRequest) -> u64 {
    let HostOutgoingRequest {
        method,
        scheme,
        authority,
        path_with_query,
        headers,
        ..
    } = request;
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    hash(format_args!(
        "{method:?} {scheme:?} {authority:?} {path_with_query:?} {headers:?}"
    ))
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
