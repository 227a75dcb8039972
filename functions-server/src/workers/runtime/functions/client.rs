//! `functions:http`: recorded requests to other servers.

use std::time::Duration;

use http::Uri;
use wasmtime::Result;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::DynPollable;

use super::bindings::functions::http::client::{Error, Host, HostPending, Request, Response};
use super::message;
use super::pending::Pending;
use crate::workers::runtime::request_outcome::{RequestFailure, RequestResult};
use crate::workers::runtime::requests::{Destination, MAX_BODY, Outbound, hash};
use crate::workers::runtime::state::InstanceState;

/// What the journal has it under.
const CALL: &str = "functions:http";

impl Host for InstanceState {
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

impl HostPending for InstanceState {
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

impl InstanceState {
    fn start_request(&mut self, mut request: Request) -> Result<Pending> {
        let body = self.take_body(request.body.take())?;
        let hash = hash(format_args!(
            "{} {} {:?}",
            request.method, request.url, request.headers
        ));
        let outbound = prepare(request, body).map(|outbound| (outbound, CALL, hash));
        self.start(outbound)
    }

    fn response(&mut self, sent: RequestResult) -> Result<std::result::Result<Response, Error>> {
        let received = self.received(sent)?;
        Ok(received.map_err(error).map(|received| Response {
            status: received.status,
            headers: received.headers,
            body: received.body,
        }))
    }
}

fn prepare(request: Request, body: bytes::Bytes) -> std::result::Result<Outbound, RequestFailure> {
    let url: Uri = match request.url.parse() {
        Ok(url) => url,
        Err(_) => return Err(RequestFailure("invalid".to_owned(), request.url)),
    };
    let method = message::method(request.method)?;
    let built = message::request(method, url, request.headers, body)?;
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

/// The guest's error for a recorded failure.
fn error(RequestFailure(kind, text): RequestFailure) -> Error {
    match kind.as_str() {
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
