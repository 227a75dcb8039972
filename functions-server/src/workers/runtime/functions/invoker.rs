//! `functions:binding`: recorded calls of functions of the same host.

use std::time::Duration;

use http::{Method, Uri};
use wasmtime::Result;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::DynPollable;

use super::bindings::functions::binding::invoker::{Error, Host, HostPending, Request, Response};
use super::client::{headers, listed};
use super::pending::Pending;
use crate::workers::runtime::requests::{Destination, MAX_BODY, Outbound, Sent, Unsendable, hash};
use crate::workers::runtime::state::State;

/// What the journal has it under.
const CALL: &str = "functions:binding";

impl Host for State {
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

impl State {
    fn start_call(&mut self, mut request: Request) -> Result<Pending> {
        let body = self.take_body(request.body.take())?;
        let hash = hash(format_args!(
            "{} {} {} {:?}",
            request.target, request.method, request.path, request.headers
        ));
        let outbound = prepare(request, body).map(|outbound| (outbound, CALL, hash));
        self.start(outbound)
    }

    fn called(&mut self, sent: Sent) -> Result<std::result::Result<Response, Error>> {
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
    let method = match Method::from_bytes(request.method.as_bytes()) {
        Ok(method) if method != Method::CONNECT => method,
        _ => return Err(failed("method", request.method)),
    };
    let slash = if request.path.starts_with('/') {
        ""
    } else {
        "/"
    };
    let path: Uri = match format!("{slash}{}", request.path).parse() {
        Ok(path) => path,
        Err(_) => return Err(failed("invalid", request.path)),
    };
    let headers = headers(request.headers)?;
    let mut built = http::Request::new(body);
    *built.method_mut() = method;
    *built.uri_mut() = path;
    *built.headers_mut() = headers;
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
fn error(kind: &str, text: String) -> Error {
    match kind {
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
