//! `functions:http`: a function's own requests to other servers.

mod bounded;
mod pending;

use std::time::Duration;

use tokio::time::Instant;
use wasmtime::component::{HasSelf, Linker, Resource};

use super::bindings::functions::bytes::bytes::Data;
use super::bindings::functions::http::client::{Error, Host, Request, Response, add_to_linker};
use super::{Buffer, Interface, State};
use crate::invocation::earlier;
use crate::invocation::report::InvocationReport;
use crate::invocation::trace_context;
use crate::message::held_bodies::Full;
use crate::message::in_flight::InFlight;
use crate::outbound::{self, Outgoing, Payload, Received, RequestHead, exchange};
use crate::telemetry::cut;
#[expect(unreachable_pub, reason = "the generated code re-exports it")]
pub use pending::PendingRequest;

/// `functions:http/client@1.0.0`.
pub(super) const INTERFACE: Interface = Interface {
    name: "functions:http/client@1.0.0",
    link,
};

fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    bounded::link(linker)
}

/// Converts into the contract's error.
impl From<outbound::Error> for Error {
    fn from(error: outbound::Error) -> Self {
        match error {
            outbound::Error::InvalidUrl(why) => Self::InvalidUrl(why),
            outbound::Error::InvalidMethod(method) => Self::InvalidMethod(method),
            outbound::Error::InvalidHeader(name) => Self::InvalidHeader(name),
            outbound::Error::NotAllowed(why) => Self::NotAllowed(why),
            outbound::Error::Dns(why) => Self::Dns(why),
            outbound::Error::Connect(why) => Self::Connect(why),
            outbound::Error::Tls(why) => Self::Tls(why),
            outbound::Error::Timeout => Self::Timeout,
            outbound::Error::TooLarge(limit) => Self::TooLarge(limit),
            outbound::Error::TooManyRedirects(next) => Self::TooManyRedirects(next),
            outbound::Error::Protocol(why)
            | outbound::Error::Malformed(why)
            | outbound::Error::Reset(why) => Self::Protocol(why),
            outbound::Error::Other(why) => Self::Other(why),
        }
    }
}

impl Host for State {
    fn send(&mut self, request: Request) -> wasmtime::Result<Resource<PendingRequest>> {
        let pending = match self.counted_request(request)? {
            Ok((outgoing, one)) => pending::start(&self.call, outgoing, one),
            Err(error) => PendingRequest::ready(Err(error)),
        };
        Ok(self.table.push(pending)?)
    }

    async fn call(&mut self, request: Request) -> wasmtime::Result<Result<Response, Error>> {
        let received = match self.counted_request(request)? {
            Ok((outgoing, one)) => {
                let received = exchange(&self.call.function.outbound, outgoing, one).await;
                received.map_err(Error::from)
            }
            Err(error) => Err(error),
        };
        self.response(received)
    }
}

impl State {
    /// Prepares a request that is within the limits.
    fn counted_request(
        &mut self,
        request: Request,
    ) -> wasmtime::Result<Result<(Outgoing, InFlight), Error>> {
        // The body is taken even if the request is refused.
        let outgoing = self.outgoing(request)?;
        Ok(outgoing.and_then(|outgoing| {
            let one = self.acquire_in_flight().ok_or(Error::Overloaded)?;
            Ok((outgoing, one))
        }))
    }

    /// Checks a request. Takes its body even if the request is invalid.
    fn outgoing(&mut self, mut request: Request) -> wasmtime::Result<Result<Outgoing, Error>> {
        let payload = match request.body.take() {
            None => Payload::Bytes(bytes::Bytes::new()),
            Some(Data::Value(bytes)) => match self.call.function.bodies.hold(bytes) {
                Ok(bytes) => Payload::Bytes(bytes),
                Err(Full) => return Ok(Err(Error::Overloaded)),
            },
            Some(Data::Buffer(buffer)) => {
                let body = self.table.delete(buffer)?.into_body();
                if http_body::Body::is_end_stream(&body) {
                    Payload::Bytes(bytes::Bytes::new())
                } else {
                    Payload::Stream(Some(body))
                }
            }
        };
        let timeout = request.timeout_milliseconds;
        let timeout = timeout.map(|timeout| Duration::from_millis(timeout.into()));
        let own = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let head = RequestHead {
            method: request.method,
            url: request.url,
            headers: request.headers,
            redirects: request.redirects,
            response_limit: request.response_limit,
        };
        let outgoing = Outgoing::new(head, payload).map_err(Error::from);
        Ok(outgoing.map(|mut outgoing| {
            if let Some(report) = InvocationReport::of(&self.call) {
                report.count_request();
            }
            outgoing.deadline = earlier(own, self.call.deadline);
            // The response's body may outlive the invocation, as a stream does.
            outgoing.body_deadline = earlier(own, self.call.stream_deadline);
            trace_context::propagate(&self.call, &mut outgoing.headers);
            outgoing
        }))
    }

    /// Gives a response to the function, or the reason why there is none.
    fn response(
        &mut self,
        received: Result<Received, Error>,
    ) -> wasmtime::Result<Result<Response, Error>> {
        let received = match received {
            Ok(received) => received,
            Err(error) => {
                if let Error::NotAllowed(why) = &error
                    && let why = cut(why)
                    && self.invocation_log().admit(why.len())
                {
                    let function = self.call.function.name.as_ref();
                    let request = self.call.request_id.as_deref();
                    tracing::warn!(
                        function, invocation = %self.call.id, request,
                        "not allowed: {why}",
                    );
                }
                return Ok(Err(error));
            }
        };
        let Received {
            status,
            headers,
            body,
        } = received;
        Ok(Ok(Response {
            status,
            headers,
            body: self.table.push(Buffer::new(body))?,
        }))
    }
}
