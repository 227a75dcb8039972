use std::pin::Pin;
use std::sync::Arc;

use http::request::Parts;
use tokio::time::Instant;

use super::CallChain;
use crate::message::body::Body;
use crate::message::head::Head;
use crate::telemetry::InvocationId;

/// The functions that a function may call: what is above the interfaces knows them.
pub(crate) trait Invoker: Send + Sync {
    /// Calls one. Whoever drops the future, or the body that comes of it, ends the one called.
    fn call(self: Arc<Self>, outgoing: Outgoing) -> InvokeFuture;

    /// Where one is reached from outside, if it is.
    fn url(&self, target: &str) -> Result<Option<String>, InvokeError>;

    /// Names of functions there are, for the log: not more of them than somebody reads.
    fn names(&self) -> String;
}

/// A call that is under way, or begins when it is first polled.
pub(crate) type InvokeFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// What comes of a call.
pub(crate) type Answer = Result<(Head, Body), InvokeError>;

/// A call that a function makes, and what bounds it.
pub(crate) struct Outgoing {
    pub(crate) target: String,
    /// What the invocation is to be called that comes of it.
    pub(crate) id: InvocationId,
    /// Its path begins below the callee's base.
    pub(crate) request: Parts,
    pub(crate) body: Body,
    /// When the head of the response has to be there.
    pub(crate) deadline: Option<Instant>,
    /// When the last byte of its body has to be.
    pub(crate) stream_deadline: Option<Instant>,
    pub(crate) call_chain: CallChain,
}

/// Why a call has no answer.
#[derive(Debug)]
pub(crate) enum InvokeError {
    /// The name that no function has.
    NotFound(String),
    Timeout,
    Overloaded,
    /// How many calls within calls there may be.
    DepthExceeded(u32),
    Trapped(String),
    Other(String),
}
