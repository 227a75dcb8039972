//! `functions:binding`: recorded calls of functions of the same host.

use std::time::Duration;

use http::Uri;
use wasmtime::Result;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::DynPollable;

use super::bindings::functions::binding::invoker::{Error, Host, HostPending, Request, Response};
use super::message;
use super::pending::Pending;
use crate::workers::runtime::request_outcome::{RequestFailure, RequestResult};
use crate::workers::runtime::requests::{Destination, MAX_BODY, Outbound, hash};
use crate::workers::runtime::state::InstanceState;

/// What the journal has it under.
const CALL: &str = "functions:binding";

impl Host for InstanceState {
    fn send(&mut self, request: Request) -> Result<Resource<Pending>> {
        let pending = self.start_call(request)?;
        Ok(self.table.push(pending)?)
    }

    async fn call(&mut self, request: Request) -> Result<std::result::Result<Response, Error>> {
        let pending = self.start_call(request)?;
        let sent = self.await_pending(pending).await;
        self.called(sent)
    }

    /// The same in every run.
    fn url(&mut self, _target: String) -> Result<std::result::Result<Option<String>, Error>> {
        let why = "workers are not told the URLs of functions: call them by name";
        Ok(Err(Error::Other(why.to_owned())))
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
        self.called(sent)
    }

    async fn try_get(
        &mut self,
        this: Resource<Pending>,
    ) -> Result<std::result::Result<std::result::Result<Response, Error>, Resource<Pending>>> {
        match self.try_pending(this).await? {
            Ok(sent) => self.called(sent).map(Ok),
            Err(this) => Ok(Err(this)),
        }
    }

    fn drop(&mut self, pending: Resource<Pending>) -> Result<()> {
        self.table.delete(pending)?;
        Ok(())
    }
}

impl InstanceState {
    fn start_call(&mut self, mut request: Request) -> Result<Pending> {
        let body = self.take_body(request.body.take())?;
        let hash = hash(format_args!(
            "{} {} {} {:?}",
            request.target, request.method, request.path, request.headers
        ));
        let outbound = prepare(request, body).map(|outbound| (outbound, CALL, hash));
        self.start(outbound)
    }

    fn called(&mut self, sent: RequestResult) -> Result<std::result::Result<Response, Error>> {
        let received = self.received(sent)?;
        Ok(received.map_err(error).map(|received| Response {
            status: received.status,
            headers: received.headers,
            body: received.body,
        }))
    }
}

fn prepare(request: Request, body: bytes::Bytes) -> std::result::Result<Outbound, RequestFailure> {
    let method = message::method(request.method)?;
    let slash = if request.path.starts_with('/') {
        ""
    } else {
        "/"
    };
    let path: Uri = match format!("{slash}{}", request.path).parse() {
        Ok(path) => path,
        Err(_) => return Err(RequestFailure("invalid".to_owned(), request.path)),
    };
    let built = message::request(method, path, request.headers, body)?;
    Ok(Outbound {
        request: built,
        to: Destination::Function(request.target),
        timeout: request
            .timeout_milliseconds
            .map(|time| Duration::from_millis(time.into())),
        limit: MAX_BODY,
    })
}

/// The guest's error for a recorded failure.
fn error(RequestFailure(kind, text): RequestFailure) -> Error {
    match kind.as_str() {
        "not-found" => Error::NotFound(text),
        "denied" => Error::NotAllowed(text),
        "method" => Error::InvalidMethod(text),
        "invalid" => Error::InvalidPath(text),
        "header" => Error::InvalidHeader(text),
        "timeout" => Error::Timeout,
        "overloaded" => Error::Overloaded,
        "trapped" => Error::Trapped(text),
        _ => Error::Other(text),
    }
}
