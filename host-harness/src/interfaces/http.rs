//! `functions:http`: requests of a function's own to other servers.

mod bounded;
mod client;
mod connect;
mod download;
mod error;
mod exchange;
mod happy_eyeballs;
mod history;
mod network;
mod outgoing;
mod patient;
mod pending;
mod resolver;
mod retry;
mod tls_error;
mod trust;

use std::time::Duration;

use tokio::time::Instant;
use wasmtime::component::Resource;

use super::bindings::functions::bytes::bytes::Data;
use super::environment::earlier;
use super::held::Full;
use super::under_way::UnderWay;
use super::{Buffer, State, trace_context};
use bindings::functions::http::client::{Error, Host, Request, Response};
pub(super) use bounded::link as link_bounded;
pub(crate) use client::Outbound;
use exchange::{Received, exchange};
pub(crate) use network::{Names, Network};
use outgoing::{Outgoing, Payload};
#[expect(unreachable_pub, reason = "the generated code re-exports it")]
pub use pending::Pending;

pub(crate) mod bindings {
    //! Generated from `wit/`.
    #![allow(
        clippy::allow_attributes,
        missing_debug_implementations,
        missing_docs,
        unreachable_pub,
        clippy::must_use_candidate,
        clippy::semicolon_if_nothing_returned,
        reason = "generated code"
    )]

    wasmtime::component::bindgen!({
        path: ["wit/io", "wit/clocks", "wit/bytes", "wit/http"],
        world: "functions:http/imports",
        imports: {
            "functions:http/client.call": async | trappable,
            "functions:http/client.[static]pending.get": async | trappable,
            default: trappable,
        },
        with: {
            "functions:http/client.pending": super::Pending,
            "functions:bytes/bytes": crate::interfaces::bindings::functions::bytes::bytes,
            "wasi:io": wasmtime_wasi::p2::bindings::io,
        },
    });
}

impl Host for State {
    fn send(&mut self, request: Request) -> wasmtime::Result<Resource<Pending>> {
        let pending = match self.counted_request(request)? {
            Ok((outgoing, one)) => pending::start(&self.call, outgoing, one),
            Err(error) => Pending::over(Err(error)),
        };
        Ok(self.table.push(pending)?)
    }

    async fn call(&mut self, request: Request) -> wasmtime::Result<Result<Response, Error>> {
        let received = match self.counted_request(request)? {
            Ok((outgoing, one)) => exchange(&self.call.function.outbound, outgoing, one).await,
            Err(error) => Err(error),
        };
        self.response(received)
    }
}

impl State {
    /// A request that can be sent, and may be: not one too many.
    fn counted_request(
        &mut self,
        request: Request,
    ) -> wasmtime::Result<Result<(Outgoing, UnderWay), Error>> {
        // Its body goes either way.
        let outgoing = self.outgoing(request)?;
        Ok(outgoing.and_then(|outgoing| {
            let one = self.one_more_under_way().ok_or(Error::Overloaded)?;
            Ok((outgoing, one))
        }))
    }

    /// Checks a request, and takes its body, whether or not it can be sent.
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
        Ok(Outgoing::new(request, payload).map(|mut outgoing| {
            outgoing.deadline = earlier(own, self.call.deadline);
            // A body that is passed on may outlive the invocation, as a stream does.
            outgoing.body_deadline = earlier(own, self.call.stream_deadline);
            trace_context::carry_on(&self.call, &mut outgoing.headers);
            outgoing
        }))
    }

    /// Hands a response over to the function, or tells it why there is none.
    fn response(
        &mut self,
        received: Result<Received, Error>,
    ) -> wasmtime::Result<Result<Response, Error>> {
        let received = match received {
            Ok(received) => received,
            Err(error) => {
                if let Error::NotAllowed(why) = &error
                    && self.invocation_log().admit(why.len())
                {
                    let function = self.call.function.name.as_ref();
                    tracing::warn!(function, invocation = %self.call.id, "not allowed: {why}");
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
