//! Calls whose target is not a function: the embedder answers them.

use std::pin::Pin;
use std::sync::Arc;

use http::{Request, Response};

use crate::message::body::Body;

/// The response to a call; `None`: there is no such target.
pub type TargetFuture = Pin<Box<dyn Future<Output = Option<Response<Body>>> + Send>>;

/// Answers calls by functions whose target is not the name of a function; see
/// [`Builder::call_targets`](crate::Builder::call_targets).
pub trait CallTargets: Send + Sync + 'static {
    /// Answers a call. Dropping the future ends it.
    fn call(&self, call: TargetCall) -> TargetFuture;
}

/// A call whose target is not a function.
#[derive(Debug)]
pub struct TargetCall {
    /// The target, such as `worker:counters/w1`.
    pub target: String,
    /// The calling function.
    pub caller: Arc<str>,
    /// The request, whose URI is a path.
    pub request: Request<Body>,
    /// The [`InvokeOptions::origin`](crate::InvokeOptions) of the invocation that the call comes from, by way
    /// of any number of functions.
    pub origin: Option<Arc<str>>,
}
