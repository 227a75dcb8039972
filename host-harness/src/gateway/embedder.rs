//! Invocations that the embedder asks for, beside those of clients and functions.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use http::request::Parts;
use http::{HeaderMap, Response, StatusCode};

use super::admit::Refusal;
use super::{Gateway, problem};
use crate::invocation::{CallChain, Invocation, Invoker};
use crate::message::body::Body;
use crate::registry::FoundFunction;
use crate::telemetry::InvocationId;
use crate::telemetry::metrics::{PendingCount, Reason};

/// What an invocation by the embedder has besides its request.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct InvokeOptions {
    /// The invocation's id, a new one unless set. Records of its output have it.
    pub invocation: InvocationId,
    /// What the function gets as `WebEnvironment::token_metadata`.
    pub token_metadata: Option<Arc<str>>,
    /// The address of the client that the embedder invokes it for.
    pub peer: Option<SocketAddr>,
    /// The id that a trusted proxy gave the client's request. Records of its output have it.
    pub request_id: Option<Arc<str>>,
    /// Is set when the function is called: after its instance was created, if it had to be.
    pub called: Option<Arc<OnceLock<Instant>>>,
    /// Who calls, if it is not a client: the function's setting of callers has to allow it.
    pub caller: Option<Arc<str>>,
    /// Names that stand for several callers, and for this one among them: the setting may have one of them instead.
    pub caller_groups: Vec<Arc<str>>,
    /// A text that the calls of the function carry on, for [`CallTargets`](crate::CallTargets).
    pub origin: Option<Arc<str>>,
}

impl Default for InvokeOptions {
    fn default() -> Self {
        Self {
            invocation: InvocationId::new(),
            token_metadata: None,
            peer: None,
            request_id: None,
            called: None,
            caller: None,
            caller_groups: Vec::new(),
            origin: None,
        }
    }
}

/// An invocation by the embedder has no response. The text says why, and has nothing of the function's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvocationError {
    status: StatusCode,
    reason: &'static str,
    detail: String,
}

impl InvocationError {
    fn new(status: StatusCode, reason: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            reason,
            detail: detail.into(),
        }
    }

    /// The status that a client of the function gets.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The reason, as problem documents and metrics have it: `trap`, say.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.reason
    }

    /// Whether no function has the name.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.reason == problem::NO_SUCH_FUNCTION
    }
}

impl fmt::Display for InvocationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for InvocationError {}

impl Gateway {
    /// Whether a client's request with these headers may invoke a function; see [`Harness::admit`].
    ///
    /// [`Harness::admit`]: crate::Harness::admit
    pub(crate) fn admit_client(
        &self,
        name: &str,
        headers: &mut HeaderMap,
        peer: Option<SocketAddr>,
    ) -> Result<Option<Arc<str>>, InvocationError> {
        let Some(context) = self.registry.context(name) else {
            return Err(not_found(name));
        };
        let admitted = self.admit(&context, headers, &Body::empty(), peer);
        admitted.map_err(|refusal| match refusal {
            Refusal::Private => not_found(name),
            refusal => {
                let (status, detail) = problem::refusal(&refusal);
                InvocationError::new(status, refusal.reason().name(), detail)
            }
        })
    }

    /// Invokes a function, whatever its ingress is.
    pub(crate) async fn invoke(
        self: &Arc<Self>,
        name: &str,
        request: Parts,
        body: Body,
        options: InvokeOptions,
    ) -> Result<Response<Body>, InvocationError> {
        let Some(found) = self.registry.get(name) else {
            return Err(not_found(name));
        };
        let mut pending = PendingCount::new(found.context().counters.get());
        let invoked = self.invoke_found(found, request, body, options).await;
        match &invoked {
            Ok(response) => pending.end(response.status(), Reason::Answered),
            Err((error, reason)) => pending.end(error.status, *reason),
        }
        invoked.map_err(|(error, _)| error)
    }

    async fn invoke_found(
        self: &Arc<Self>,
        found: FoundFunction,
        request: Parts,
        body: Body,
        options: InvokeOptions,
    ) -> Result<Response<Body>, (InvocationError, Reason)> {
        let context = found.context();
        if let Some(max) = context.access.max_body
            && body.least_len() > max
        {
            let detail = problem::too_long(max);
            return Err(refused(
                StatusCode::PAYLOAD_TOO_LARGE,
                Reason::BodyTooLong,
                detail,
            ));
        }
        if let Some(caller) = &options.caller
            && !context
                .access
                .callers
                .allow_any(caller, &options.caller_groups)
        {
            let detail =
                format!("{caller:?} may not call this function; its setting callers names who may");
            return Err(refused(StatusCode::FORBIDDEN, Reason::NotAllowed, detail));
        }
        let times = context.limits.times();
        let function = match found {
            FoundFunction::Loaded(function) => function,
            FoundFunction::NotLoaded(deployed) => Box::pin(self.load(deployed, times.deadline))
                .await
                .map_err(|unavailable| {
                    let status = problem::status_of(&unavailable);
                    refused(status, unavailable.reason(), unavailable.to_string())
                })?,
        };
        let call = Invocation {
            id: options.invocation,
            request_id: options.request_id,
            function: Arc::clone(&function.context),
            request,
            base: 0,
            peer: options.peer,
            deadline: times.deadline,
            stream_deadline: times.stream_deadline,
            call_chain: CallChain::default(),
            origin: options.origin,
            token_metadata: options.token_metadata,
            invoker: Some(Arc::clone(self) as Arc<dyn Invoker>),
            called: options.called,
        };
        let mut invoking = self.engine.invoke(function, call, times.arrived, body);
        let reply = invoking.reply(&self.engine).await.map_err(|failure| {
            let (status, detail) = problem::told(&failure);
            refused(status, failure.reason(), detail.to_owned())
        })?;
        let mut response = Response::new(reply.body);
        *response.status_mut() = reply.head.status;
        *response.headers_mut() = reply.head.headers;
        Ok(response)
    }
}

fn not_found(name: &str) -> InvocationError {
    let detail = format!("function {name:?} not found");
    InvocationError::new(StatusCode::NOT_FOUND, problem::NO_SUCH_FUNCTION, detail)
}

fn refused(status: StatusCode, reason: Reason, detail: String) -> (InvocationError, Reason) {
    let error = InvocationError::new(status, reason.name(), detail);
    (error, reason)
}
