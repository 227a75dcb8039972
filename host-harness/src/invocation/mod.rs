//! One invocation of a function: what it is for, what it may use, and whom it may call.

pub(crate) mod cpu_time;
mod invoker;
pub(crate) mod memory_limiter;
pub(crate) mod started;
pub(crate) mod time_check;
pub(crate) mod trace_context;

use std::any::Any;
use std::net::SocketAddr;
use std::sync::Arc;

use http::request::Parts;
use tokio::time::Instant;

use crate::message::headers::HeaderLimit;
use crate::message::held_bodies::HeldBodies;
use crate::outbound::HttpClient;
use crate::telemetry::{InvocationId, Output};
pub(crate) use invoker::{Answer, InvokeError, InvokeFuture, Invoker, Outgoing};

/// What a function is, to itself and in the log.
pub(crate) struct FunctionContext {
    pub(crate) name: Arc<str>,
    pub(crate) version: String,
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) output: Output,
    /// How much the headers of a response, a call or a request of its own may be.
    pub(crate) headers: HeaderLimit,
    /// Its way to other servers.
    pub(crate) outbound: HttpClient,
    /// The interfaces that the embedder added.
    pub(crate) interfaces: Arc<[Arc<dyn Any + Send + Sync>]>,
    /// What the host holds of bodies that functions gave.
    pub(crate) bodies: Arc<HeldBodies>,
}

/// One request to one function, less its body.
pub(crate) struct Invocation {
    pub(crate) id: InvocationId,
    pub(crate) function: Arc<FunctionContext>,
    pub(crate) request: Parts,
    /// How much of the request's path is the function's own base.
    pub(crate) base: usize,
    pub(crate) peer: Option<SocketAddr>,
    /// When the host ends it: at first unless it has answered, later wherever it is.
    pub(crate) deadline: Option<Instant>,
    /// What that is from the moment on when it begins to stream its response.
    pub(crate) stream_deadline: Option<Instant>,
    /// How it came about, and what it may lead to.
    pub(crate) call_chain: CallChain,
    /// Whom it may call; nobody while its function is only tried out.
    pub(crate) invoker: Option<Arc<dyn Invoker>>,
}

/// Where an invocation is among those that call one another.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CallChain {
    /// How many calls it is away from a request to the host.
    pub(crate) depth: u32,
    /// Whether it was called by one that had begun to stream, or one further up was: who waits for
    /// such a stream may hold the place that this one would wait for.
    pub(crate) in_stream: bool,
}

impl Invocation {
    /// What an instance is for while no request is there.
    pub(crate) fn placeholder(function: Arc<FunctionContext>) -> Self {
        let (request, ()) = http::Request::new(()).into_parts();
        Self {
            id: InvocationId::placeholder(),
            function,
            request,
            base: 0,
            peer: None,
            deadline: None,
            stream_deadline: None,
            call_chain: CallChain::default(),
            invoker: None,
        }
    }

    /// The path below the function's base.
    pub(crate) fn path(&self) -> &str {
        match self.request.uri.path().get(self.base..) {
            Some(path) if path.starts_with('/') => path,
            _ => "/",
        }
    }
}

/// The earlier of two moments, where `None` is never.
pub(crate) fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
