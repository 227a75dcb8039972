//! `functions:http`: recorded requests to other servers.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use wasmtime::Result;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::DynPollable;

use super::bindings::functions::http::client::{Error, Host, HostPending, Request, Response};
use super::pending::Pending;
use crate::workers::runtime::requests::{Destination, MAX_BODY, Outbound, Sent, Unsendable, hash};
use crate::workers::runtime::state::State;

/// What the journal has it under.
const CALL: &str = "functions:http";

impl Host for State {
    fn send(&mut self, request: Request) -> Result<Resource<Pending>> {
        let pending = self.start_request(request)?;
        Ok(self.table.push(pending)?)
    }

    async fn call(&mut self, request: Request) -> Result<std::result::Result<Response, Error>> {
        let pending = self.start_request(request)?;
        let sent = self.await_pending(pending).await;
        self.response(sent)
    }
}

impl HostPending for State {
    fn subscribe(&mut self, pending: Resource<Pending>) -> Result<Resource<DynPollable>> {
        self.watch_pending(&pending)
    }

    async fn get(
        &mut self,
        this: Resource<Pending>,
    ) -> Result<std::result::Result<Response, Error>> {
        let pending = self.table.delete(this)?;
        let sent = self.await_pending(pending).await;
        self.response(sent)
    }

    async fn try_get(
        &mut self,
        this: Resource<Pending>,
    ) -> Result<std::result::Result<std::result::Result<Response, Error>, Resource<Pending>>> {
        match self.try_pending(this).await? {
            Ok(sent) => self.response(sent).map(Ok),
            Err(this) => Ok(Err(this)),
        }
    }

    fn drop(&mut self, pending: Resource<Pending>) -> Result<()> {
        self.table.delete(pending)?;
        Ok(())
    }
}

impl State {
    fn start_request(&mut self, mut request: Request) -> Result<Pending> {
        let body = self.take_body(request.body.take())?;
        let hash = hash(format_args!(
            "{} {} {:?}",
            request.method, request.url, request.headers
        ));
        let outbound = prepare(request, body).map(|outbound| (outbound, CALL, hash));
        self.start(outbound)
    }

    fn response(&mut self, sent: Sent) -> Result<std::result::Result<Response, Error>> {
        let response = match sent {
            Sent::Response(response) => response,
            Sent::Failed(kind, text) => return Ok(Err(error(&kind, text))),
        };
        let (head, body) = response.into_parts();
        Ok(Ok(Response {
            status: head.status.as_u16(),
            headers: listed(&head.headers),
            body: self.push_buffer(body)?,
        }))
    }
}

fn prepare(request: Request, body: bytes::Bytes) -> std::result::Result<Outbound, Unsendable> {
    let failed = |kind: &str, text: String| Unsendable(kind.to_owned(), text);
    let url: Uri = match request.url.parse() {
        Ok(url) => url,
        Err(_) => return Err(failed("invalid", request.url)),
    };
    let method = match Method::from_bytes(request.method.as_bytes()) {
        Ok(method) if method != Method::CONNECT => method,
        _ => return Err(failed("method", request.method)),
    };
    let headers = headers(request.headers)?;
    let mut built = http::Request::new(body);
    *built.method_mut() = method;
    *built.uri_mut() = url;
    *built.headers_mut() = headers;
    let limit = request.response_limit.unwrap_or(u64::MAX);
    Ok(Outbound {
        request: built,
        to: Destination::Server {
            redirects: request.redirects,
        },
        timeout: request
            .timeout_milliseconds
            .map(|time| Duration::from_millis(time.into())),
        limit: usize::try_from(limit).map_or(MAX_BODY, |limit| limit.min(MAX_BODY)),
    })
}

/// Reads headers as a guest gives them.
pub(super) fn headers(given: Vec<(String, Vec<u8>)>) -> std::result::Result<HeaderMap, Unsendable> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let parsed = HeaderName::from_bytes(name.as_bytes());
        let (Ok(parsed), Ok(value)) = (parsed, HeaderValue::from_bytes(&value)) else {
            return Err(Unsendable("header".to_owned(), name));
        };
        headers.append(parsed, value);
    }
    Ok(headers)
}

pub(super) fn listed(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    let headers = headers.iter();
    headers
        .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
        .collect()
}

/// The guest's error for a recorded failure.
fn error(kind: &str, text: String) -> Error {
    match kind {
        "invalid" => Error::InvalidUrl(text),
        "method" => Error::InvalidMethod(text),
        "header" => Error::InvalidHeader(text),
        "denied" => Error::NotAllowed(text),
        "dns" => Error::Dns(text),
        "connect" => Error::Connect(text),
        "tls" => Error::Tls(text),
        "timeout" => Error::Timeout,
        "too-large" => Error::TooLarge(text.parse().unwrap_or(MAX_BODY as u64)),
        "redirects" => Error::TooManyRedirects(text),
        "protocol" => Error::Protocol(text),
        _ => Error::Other(text),
    }
}
