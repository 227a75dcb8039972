//! The HTTP server: from a connection to a function and back.
//!
//! A request goes through `connection`, `respond` and `finish`.

mod admit;
mod client_stream;
mod connection;
mod connection_task;
mod deferral;
mod embedder;
mod farewell;
mod finish;
mod for_method;
mod gate;
mod gather;
mod idle;
mod invoker;
mod middleware;
mod problem;
mod proxies;
mod public_url;
mod refused;
mod request;
mod respond;
mod route;
mod server;
mod socket;
mod targets;
mod token;
mod tracked_body;

use std::sync::Arc;

pub use deferral::{Deferral, DeferralFuture, DeferredRequest};
pub use embedder::{InvocationError, InvokeOptions};
pub(crate) use middleware::Middleware;
pub use middleware::Next;
pub(crate) use proxies::{Origin, TrustedProxies};
pub(crate) use public_url::parse as parse_public_url;
pub use server::Server;
pub use targets::{CallTargets, TargetCall, TargetFuture};
pub use token::{TokenCheck, TokenVerifier};

use crate::engine::Engine;
use crate::registry::Registry;

/// Answers requests by invoking functions.
#[derive(Clone)]
pub(crate) struct Gateway {
    pub(crate) engine: Arc<Engine>,
    pub(crate) registry: Arc<Registry>,
    /// The URL under which clients reach the host; it goes before `/NAME`.
    pub(crate) base: Option<Arc<str>>,
    /// The proxies that are believed about clients, if there are any.
    pub(crate) proxies: Option<Arc<TrustedProxies>>,
    /// Knows the tokens of clients, if the host has any.
    pub(crate) tokens: Option<Arc<dyn TokenVerifier>>,
    /// What requests pass before they reach functions, if there is any.
    pub(crate) middleware: Option<Arc<dyn Middleware>>,
    /// Takes requests over whose clients do not wait, if there is such a thing.
    pub(crate) deferral: Option<Arc<dyn Deferral>>,
    /// Answers calls whose target is not a function, if the embedder set one.
    pub(crate) call_targets: Option<Arc<dyn CallTargets>>,
}

/// The most function names in one log record.
pub(crate) const MAX_NAMES: usize = 20;
