//! `functions:binding`: calls of other functions of the same host.
//!
//! `call` runs within the host call of its caller, `send` in a task that is aborted with its handle.
//! [`Invoker`] decides which function is called, and runs it.

mod bounded;
mod outgoing;
mod pending;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use wasmtime::component::{HasSelf, Linker, Resource};

use super::bindings::functions::binding::invoker::{Error, Host, Request, Response, add_to_linker};
use super::bindings::functions::bytes::bytes::Data;
use super::{Buffer, Interface, State};
use crate::invocation::report::InvocationReport;
use crate::invocation::trace_context;
use crate::invocation::{CallChain, InvokeError, InvokeFuture, Invoker, OutgoingCall, earlier};
use crate::message::body::Body;
use crate::message::head::Head;
use crate::message::headers::listed;
use crate::message::held_bodies::Full;
use crate::message::in_flight::InFlight;
use crate::telemetry::cut;
#[expect(unreachable_pub, reason = "the generated code re-exports it")]
pub use pending::PendingCall;

/// `functions:binding/invoker@1.0.0`.
pub(super) const INTERFACE: Interface = Interface {
    name: "functions:binding/invoker@1.0.0",
    link,
};

fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    bounded::link(linker)
}

/// Converts into the contract's error.
impl From<InvokeError> for Error {
    fn from(error: InvokeError) -> Self {
        match error {
            InvokeError::NotFound(target) => Self::NotFound(target),
            InvokeError::NotAllowed(why) => Self::NotAllowed(why),
            InvokeError::Timeout => Self::Timeout,
            InvokeError::Overloaded => Self::Overloaded,
            InvokeError::DepthExceeded(depth) => Self::DepthExceeded(depth),
            InvokeError::Trapped(why) => Self::Trapped(why),
            InvokeError::Other(why) => Self::Other(why),
        }
    }
}

impl Host for State {
    fn send(&mut self, request: Request) -> wasmtime::Result<Resource<PendingCall>> {
        let pending = match self.counted_call(request)? {
            Ok((calling, one)) => PendingCall::start(one.cancel_handle(), answer(calling, one)),
            Err(error) => PendingCall::ready(Err(error)),
        };
        Ok(self.table.push(pending)?)
    }

    async fn call(&mut self, request: Request) -> wasmtime::Result<Result<Response, Error>> {
        let answer = match self.counted_call(request)? {
            Ok((calling, one)) => answer(calling, one).await,
            Err(error) => Err(error),
        };
        self.answered(answer)
    }

    fn url(&mut self, target: String) -> wasmtime::Result<Result<Option<String>, Error>> {
        Ok(self.invoker().and_then(|invoker| Ok(invoker.url(&target)?)))
    }
}

/// The result of a call.
type Answered = Result<(Head, Body), Error>;

/// Runs a call that counts as in flight until the last byte of its response.
async fn answer(calling: InvokeFuture, one: InFlight) -> Answered {
    let (head, body) = calling.await?;
    Ok((head, body.counted(one)))
}

impl State {
    fn invoker(&self) -> Result<&Arc<dyn Invoker>, Error> {
        let invoker = self.call.invoker.as_ref();
        invoker.ok_or_else(|| Error::Other("functions can be called only during a request".into()))
    }

    /// Prepares a call that is within the limits.
    fn counted_call(
        &mut self,
        request: Request,
    ) -> wasmtime::Result<Result<(InvokeFuture, InFlight), Error>> {
        // The body is taken even if the call is refused.
        let calling = self.calling(request)?;
        Ok(calling.and_then(|calling| {
            let one = self.acquire_in_flight().ok_or(Error::Overloaded)?;
            Ok((calling, one))
        }))
    }

    /// Prepares a call, which starts when polled. Takes the body even if the call fails.
    fn calling(&mut self, mut request: Request) -> wasmtime::Result<Result<InvokeFuture, Error>> {
        let body = match request.body.take() {
            None => None,
            Some(Data::Value(bytes)) => match self.call.function.bodies.hold(bytes) {
                Ok(bytes) => Some(Body::from(bytes)),
                Err(Full) => return Ok(Err(Error::Overloaded)),
            },
            Some(Data::Buffer(buffer)) => Some(self.table.delete(buffer)?.into_body()),
        };
        Ok(self.prepare(request, body))
    }

    fn prepare(&mut self, request: Request, body: Option<Body>) -> Result<InvokeFuture, Error> {
        let invoker = Arc::clone(self.invoker()?);
        let own = request
            .timeout_milliseconds
            .and_then(|timeout| Instant::now().checked_add(Duration::from_millis(timeout.into())));
        let (target, mut request) = outgoing::checked(request, body.as_ref())?;
        trace_context::propagate(&self.call, &mut request.headers);
        self.calls = self.calls.saturating_add(1);
        if let Some(report) = InvocationReport::of(&self.call) {
            report.count_call();
        }
        let CallChain { depth, in_stream } = self.call.call_chain;
        Ok(invoker.call(OutgoingCall {
            target,
            caller: Arc::clone(&self.call.function.name),
            token_metadata: self.call.token_metadata.clone(),
            id: self.call.id.of_call(self.calls),
            request_id: self.call.request_id.clone(),
            request,
            body: body.unwrap_or_else(Body::empty),
            deadline: earlier(own, self.call.deadline),
            // The response's body may outlive the caller, as a stream does.
            stream_deadline: earlier(own, self.call.stream_deadline),
            call_chain: CallChain {
                depth: depth.saturating_add(1),
                in_stream: in_stream || self.streaming,
            },
            origin: self.call.origin.clone(),
        }))
    }

    /// Gives a response to the function, or the reason why there is none.
    fn answered(&mut self, answer: Answered) -> wasmtime::Result<Result<Response, Error>> {
        let (head, body) = match answer {
            Ok(response) => response,
            Err(error) => {
                self.warn_not_found(&error);
                return Ok(Err(error));
            }
        };
        Ok(Ok(Response {
            status: head.status.as_u16(),
            headers: listed(&head.headers),
            body: self.table.push(Buffer::new(body))?,
        }))
    }
    /// Logs a call of an unknown function, within what the caller may log.
    fn warn_not_found(&mut self, error: &Error) {
        let Error::NotFound(target) = error else {
            return;
        };
        let names = self.invoker().map(|invoker| invoker.names());
        let names = names.unwrap_or_default();
        let target = cut(format_args!("{target:?}"));
        if self.invocation_log().admit(target.len() + names.len()) {
            let function = self.call.function.name.as_ref();
            let request = self.call.request_id.as_deref();
            tracing::warn!(
                function, invocation = %self.call.id, request,
                "function {target} not found; known functions: {names}",
            );
        }
    }
}
