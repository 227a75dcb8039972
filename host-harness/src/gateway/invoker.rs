//! How functions invoke each other: without HTTP, but in an instance of their own.

use std::sync::Arc;

use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Method};

use super::Gateway;
use super::respond::is_bodiless;
use crate::engine::Failure;
use crate::invocation::{Answer, InvokeError, InvokeFuture, Invoker, Outgoing};
use crate::invocation::{Invocation, earlier};
use crate::message::body::Body;
use crate::registry::Served;
use crate::telemetry::InvocationId;

/// The most function names in one log record.
const MAX_NAMES: usize = 20;

impl Invoker for Gateway {
    fn call(self: Arc<Self>, outgoing: Outgoing) -> InvokeFuture {
        Box::pin(self.answer(outgoing))
    }

    fn url(&self, target: &str) -> Result<Option<String>, InvokeError> {
        let served = self.registry.get(target);
        let Served { private, .. } =
            served.ok_or_else(|| InvokeError::NotFound(target.to_owned()))?;
        let base = self.base.as_ref().filter(|_| !private);
        Ok(base.map(|base| format!("{base}/{target}")))
    }

    fn names(&self) -> String {
        let names: Vec<_> = self.registry.names().take(MAX_NAMES).collect();
        names.join(", ")
    }
}

impl Gateway {
    async fn answer(self: Arc<Self>, outgoing: Outgoing) -> Answer {
        let Outgoing {
            target,
            id,
            request,
            body,
            deadline,
            stream_deadline,
            call_chain,
        } = outgoing;
        let Some(Served { function, .. }) = self.registry.get(&target) else {
            return Err(InvokeError::NotFound(target));
        };
        if call_chain.depth > self.engine.max_depth() {
            return Err(InvokeError::DepthExceeded(self.engine.max_depth()));
        }
        let only_head = request.method == Method::HEAD;
        let (own, own_stream) = self.engine.deadlines();
        let call = Invocation {
            id,
            function: Arc::clone(&function.context),
            request,
            base: 0,
            peer: None,
            deadline: earlier(deadline, own),
            stream_deadline: earlier(stream_deadline, own_stream),
            call_chain,
            invoker: Some(Arc::clone(&self) as Arc<dyn Invoker>),
        };
        match self.engine.invoke(function, call, body).await {
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
            Err(failure) => {
                failure.log(&target, id);
                Err(caller_error(&failure, &target, id))
            }
        }
    }
}

/// The error that a caller gets. Details stay in the host's log, though both are on one host.
fn caller_error(failure: &Failure, target: &str, id: InvocationId) -> InvokeError {
    match failure {
        Failure::Overloaded => InvokeError::Overloaded,
        Failure::Timeout | Failure::StreamTimeout => InvokeError::Timeout,
        Failure::CpuTime | Failure::Memory | Failure::Trap(_) | Failure::InvalidReply(_) => {
            InvokeError::Trapped(format!("{target}: {failure} (invocation {id})"))
        }
        Failure::Host(_) => InvokeError::Other(format!("{target}: {failure} (invocation {id})")),
    }
}
