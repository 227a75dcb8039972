use std::pin::Pin;
use std::sync::Arc;

use http::request::Parts;
use tokio::time::Instant;

use super::CallChain;
use crate::message::body::Body;
use crate::message::head::Head;
use crate::telemetry::InvocationId;

/// Invokes other functions of the host. Implemented above the interfaces.
pub(crate) trait Invoker: Send + Sync {
    /// Calls a function. Dropping the future, or the body that it resolves to, ends the call.
    fn call(self: Arc<Self>, outgoing: OutgoingCall) -> InvokeFuture;

    /// The URL of a function, if it is public and the host has one.
    fn url(&self, target: &str) -> Result<Option<String>, InvokeError>;

    /// The names of known functions, for the log; cut to a readable number.
    fn names(&self) -> String;
}

/// A call in flight, or one that starts when it is first polled.
pub(crate) type InvokeFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// The result of a call.
pub(crate) type Answer = Result<(Head, Body), InvokeError>;

/// A function's call of another, and its limits.
pub(crate) struct OutgoingCall {
    pub(crate) target: String,
    /// The name of the calling function.
    pub(crate) caller: Arc<str>,
    /// The metadata of the token that the client's request carried.
    pub(crate) token_metadata: Option<Arc<str>>,
    /// The id of the callee's invocation.
    pub(crate) id: InvocationId,
    /// The id that a trusted proxy gave the client's request.
    pub(crate) request_id: Option<Arc<str>>,
    /// The request. Its path starts below the callee's base.
    pub(crate) request: Parts,
    pub(crate) body: Body,
    /// When the head of the response is due.
    pub(crate) deadline: Option<Instant>,
    /// When the last byte of the response's body is due.
    pub(crate) stream_deadline: Option<Instant>,
    pub(crate) call_chain: CallChain,
    /// What the embedder said of the first invocation of the chain.
    pub(crate) origin: Option<Arc<str>>,
}

/// Why a call failed.
#[derive(Debug)]
pub(crate) enum InvokeError {
    /// The unknown name.
    NotFound(String),
    /// The caller is not among those that may call the function; the text says how to allow it.
    NotAllowed(String),
    Timeout,
    Overloaded,
    /// The limit on calls within calls.
    DepthExceeded(u32),
    Trapped(String),
    Other(String),
}
