//! One invocation of a function: its request, its limits, and the functions that it may call.

pub(crate) mod access;
pub(crate) mod cpu_bound;
mod cpu_span;
pub(crate) mod cpu_time;
mod invoker;
mod limits;
pub(crate) mod memory_limiter;
pub(crate) mod permits;
pub(crate) mod poll_scope;
pub(crate) mod report;
pub(crate) mod started;
pub(crate) mod time_check;
pub(crate) mod trace_context;

use std::any::Any;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use http::request::Parts;
use tokio::time::Instant;

use crate::message::headers::HeaderLimit;
use crate::message::held_bodies::HeldBodies;
use crate::outbound::HttpClient;
use crate::telemetry::metrics::NamedCounters;
use crate::telemetry::{InvocationId, Output};
pub(crate) use cpu_span::thread_cpu_time;
pub(crate) use invoker::{Answer, InvokeError, InvokeFuture, Invoker, OutgoingCall};
pub(crate) use limits::{InvocationLimits, InvocationTimes};

/// A function's identity, settings and shared resources.
pub(crate) struct FunctionContext {
    pub(crate) name: Arc<str>,
    /// Set before the first invocation: it may be the digest of a component that is not read yet.
    pub(crate) version: OnceLock<String>,
    pub(crate) variables: Arc<[(String, String)]>,
    pub(crate) output: Output,
    pub(crate) limits: InvocationLimits,
    /// Whether its invocations compute for long.
    pub(crate) cpu_bound: cpu_bound::CpuBound,
    /// Limits its invocations at once, if the function has such a limit of its own.
    pub(crate) permits: Option<permits::BoundedSemaphore>,
    /// Who may invoke it, and what of a request it gets.
    pub(crate) access: access::Access,
    /// How large the headers of its responses, calls and requests may be.
    pub(crate) headers: HeaderLimit,
    /// The client for its requests to other servers.
    pub(crate) outbound: HttpClient,
    /// The interfaces that the embedder added.
    pub(crate) interfaces: Arc<[Arc<dyn Any + Send + Sync>]>,
    /// The host's budget for bodies that functions give by value.
    pub(crate) bodies: Arc<HeldBodies>,
    /// What is counted of all functions that had its name.
    pub(crate) counters: NamedCounters,
}

/// One request to one function, without its body.
pub(crate) struct Invocation {
    pub(crate) id: InvocationId,
    /// The id that a trusted proxy gave the client's request.
    pub(crate) request_id: Option<Arc<str>>,
    pub(crate) function: Arc<FunctionContext>,
    pub(crate) request: Parts,
    /// The length of the path's part that names the function.
    pub(crate) base: usize,
    pub(crate) peer: Option<SocketAddr>,
    /// When the host ends it: at first unless it has answered, later in any case.
    pub(crate) deadline: Option<Instant>,
    /// The deadline that applies once it streams its response.
    pub(crate) stream_deadline: Option<Instant>,
    /// Its position among invocations that call one another.
    pub(crate) call_chain: CallChain,
    /// What the embedder said of the first invocation of the chain.
    pub(crate) origin: Option<Arc<str>>,
    /// The metadata of the token that the client's request carried.
    pub(crate) token_metadata: Option<Arc<str>>,
    /// Invokes other functions; `None` while the function is only tried out.
    pub(crate) invoker: Option<Arc<dyn Invoker>>,
    /// Is set when the function is called, if the embedder wants to know.
    pub(crate) called: Option<Arc<OnceLock<std::time::Instant>>>,
}

/// An invocation's position among those that call one another.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CallChain {
    /// How many calls lie between a request to the host and this invocation.
    pub(crate) depth: u32,
    /// Whether this invocation, or one above it, was called after its caller had started to stream. The
    /// reader of such a stream may hold the slot that this invocation would wait for.
    pub(crate) in_stream: bool,
}

impl Invocation {
    /// Tells that the function is called. Only the first call counts.
    pub(crate) fn set_called(&self) {
        if let Some(called) = &self.called {
            let _ = called.set(std::time::Instant::now());
        }
    }

    /// The invocation of an instance that has no request yet.
    pub(crate) fn placeholder(function: Arc<FunctionContext>) -> Self {
        let (request, ()) = http::Request::new(()).into_parts();
        Self {
            id: InvocationId::placeholder(),
            request_id: None,
            function,
            request,
            base: 0,
            peer: None,
            deadline: None,
            stream_deadline: None,
            call_chain: CallChain::default(),
            origin: None,
            token_metadata: None,
            invoker: None,
            called: None,
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

/// The earlier of two deadlines, where `None` means never.
pub(crate) fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
