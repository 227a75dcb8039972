//! The HTTP server: from a connection to a function and back.

mod admit;
mod client_stream;
mod connection;
mod deferral;
mod embedder;
mod farewell;
mod gate;
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

pub use deferral::{Deferral, DeferralFuture, DeferredRequest};
pub use embedder::{InvocationError, InvokeOptions};
pub(crate) use middleware::Middleware;
pub use middleware::Next;
pub(crate) use proxies::{Origin, TrustedProxies};
pub(crate) use public_url::parse as parse_public_url;
pub(crate) use respond::Gateway;
pub use server::Server;
pub use targets::{CallTargets, TargetCall, TargetFuture};
pub use token::{TokenCheck, TokenVerifier};

/// The most function names in one log record.
pub(crate) const MAX_NAMES: usize = 20;
