//! How functions invoke each other: without HTTP, but in an instance of their own.

use std::sync::Arc;

use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Method, Request, StatusCode};
use tokio::time::timeout_at;

use super::for_method::is_bodiless;
use super::{Gateway, MAX_NAMES, TargetCall};
use crate::engine::Failure;
use crate::invocation::access::{Access, Ingress};
use crate::invocation::{Answer, InvokeError, InvokeFuture, Invoker, OutgoingCall};
use crate::invocation::{Invocation, earlier};
use crate::message::body::Body;
use crate::message::head::Head;
use crate::registry::{FoundFunction, Unavailable};
use crate::telemetry::InvocationId;
use crate::telemetry::metrics::{PendingCount, Reason};

impl Invoker for Gateway {
    fn call(self: Arc<Self>, outgoing: OutgoingCall) -> InvokeFuture {
        Box::pin(self.answer(outgoing))
    }

    fn url(&self, target: &str) -> Result<Option<String>, InvokeError> {
        let context = self.registry.context(target);
        let context = context.ok_or_else(|| InvokeError::NotFound(target.to_owned()))?;
        let is_private = context.access.ingress == Ingress::Private;
        let base = self.base.as_ref().filter(|_| !is_private);
        Ok(base.map(|base| format!("{base}/{target}")))
    }

    fn names(&self) -> String {
        self.registry.names(MAX_NAMES).join(", ")
    }
}

impl Gateway {
    async fn answer(self: Arc<Self>, outgoing: OutgoingCall) -> Answer {
        let Some(found) = self.registry.get(&outgoing.target) else {
            return self.answer_target(outgoing).await;
        };
        let mut pending = PendingCount::new(found.context().counters.get());
        match self.answer_by(found, outgoing).await {
            Ok((head, body)) => {
                pending.end(head.status, Reason::Answered);
                Ok((head, body))
            }
            Err((error, reason)) => {
                pending.end(StatusCode::default(), reason);
                Err(error)
            }
        }
    }

    /// Answers a call whose target is not a function.
    async fn answer_target(&self, outgoing: OutgoingCall) -> Answer {
        let Some(targets) = &self.call_targets else {
            return Err(InvokeError::NotFound(outgoing.target));
        };
        if outgoing.call_chain.depth > self.engine.max_depth() {
            return Err(InvokeError::DepthExceeded(self.engine.max_depth()));
        }
        let answering = targets.call(TargetCall {
            target: outgoing.target.clone(),
            caller: outgoing.caller,
            request: Request::from_parts(outgoing.request, outgoing.body),
            origin: outgoing.origin,
        });
        let answered = match outgoing.deadline {
            Some(deadline) => timeout_at(deadline, answering)
                .await
                .map_err(|_| InvokeError::Timeout)?,
            None => answering.await,
        };
        let (parts, body) = answered
            .ok_or(InvokeError::NotFound(outgoing.target))?
            .into_parts();
        let head = Head {
            status: parts.status,
            headers: parts.headers,
            declared_length: None,
        };
        Ok((head, body))
    }

    /// Answers a call by a function. An error has the reason that is counted.
    async fn answer_by(
        self: Arc<Self>,
        found: FoundFunction,
        outgoing: OutgoingCall,
    ) -> Result<(Head, Body), (InvokeError, Reason)> {
        let OutgoingCall {
            target,
            caller,
            token_metadata,
            id,
            request_id,
            request,
            mut body,
            deadline,
            stream_deadline,
            call_chain,
            origin,
        } = outgoing;
        let context = found.context();
        if call_chain.depth > self.engine.max_depth() {
            let exceeded = InvokeError::DepthExceeded(self.engine.max_depth());
            return Err((exceeded, Reason::DepthExceeded));
        }
        check_call(&context.access, &caller, &target, &mut body)?;
        let own = context.limits.times();
        let deadline = earlier(deadline, own.deadline);
        let function = match found {
            FoundFunction::Loaded(function) => function,
            // Boxed, because it is large and rarely runs.
            FoundFunction::NotLoaded(deployed) => Box::pin(self.load(deployed, deadline))
                .await
                .map_err(|why| (not_loaded(&why, &target), why.reason()))?,
        };
        let only_head = request.method == Method::HEAD;
        let call = Invocation {
            id,
            request_id,
            function: Arc::clone(&function.context),
            request,
            base: 0,
            peer: None,
            deadline,
            stream_deadline: earlier(stream_deadline, own.stream_deadline),
            call_chain,
            origin,
            token_metadata,
            invoker: Some(Arc::clone(&self) as Arc<dyn Invoker>),
            called: None,
        };
        let mut invoking = self.engine.invoke(function, call, own.arrived, body);
        match invoking.reply(&self.engine).await {
            Ok(reply) if is_bodiless(reply.head.status) => Ok((reply.head, Body::empty())),
            Ok(mut reply) if only_head => {
                // As an HTTP client gets it: the caller may itself be answering a HEAD request.
                if let Some(length) = reply.length_for_head() {
                    let length = HeaderValue::from(length);
                    reply.head.headers.insert(CONTENT_LENGTH, length);
                }
                Ok((reply.head, Body::empty()))
            }
            Ok(reply) => Ok((reply.head, reply.body)),
            Err(failure) => Err((caller_error(&failure, &target, id), failure.reason())),
        }
    }
}

/// Checks that a function may call another, with this body.
fn check_call(
    access: &Access,
    caller: &str,
    target: &str,
    body: &mut Body,
) -> Result<(), (InvokeError, Reason)> {
    if !access.callers.allow(caller) {
        let refused = InvokeError::NotAllowed(format!(
            "function {caller:?} may not call function {target:?}; add it to the setting callers of {target:?}"
        ));
        return Err((refused, Reason::NotAllowed));
    }
    let Some(max) = access.max_body else {
        return Ok(());
    };
    if body.least_len() > max {
        let refused = InvokeError::Other(format!(
            "the body of {} bytes is longer than function {target:?} accepts, {max} bytes",
            body.least_len()
        ));
        return Err((refused, Reason::BodyTooLong));
    }
    // A body of unknown length is cut beyond it.
    body.limit_length(max);
    Ok(())
}

/// The error that a caller gets if its callee could not be loaded.
fn not_loaded(unavailable: &Unavailable, target: &str) -> InvokeError {
    match unavailable {
        Unavailable::Overloaded => InvokeError::Overloaded,
        Unavailable::Timeout => InvokeError::Timeout,
        Unavailable::NotLoaded(_) => InvokeError::Other(format!("{target}: {unavailable}")),
    }
}

/// The error that a caller gets. Details stay in the host's log, though both are on one host.
fn caller_error(failure: &Failure, target: &str, id: InvocationId) -> InvokeError {
    match failure {
        Failure::Overloaded => InvokeError::Overloaded,
        Failure::Timeout | Failure::StreamTimeout => InvokeError::Timeout,
        Failure::CpuTime
        | Failure::Memory
        | Failure::Trap(_)
        | Failure::Exit(_)
        | Failure::Output
        | Failure::InvalidReply(_) => {
            InvokeError::Trapped(format!("{target}: {failure} (invocation {id})"))
        }
        Failure::Host(_) => InvokeError::Other(format!("{target}: {failure} (invocation {id})")),
    }
}
