//! Requests of functions to other servers.

mod causes;
mod client;
mod config;
mod connect;
mod connect_error;
pub(crate) mod egress;
mod error;
mod exchange;
#[cfg(feature = "testing")]
mod fakes;
mod fetch;
mod happy_eyeballs;
mod history;
mod outgoing;
mod resolver;
mod response_body;
mod retry;
mod tls_error;
mod tls_roots;
mod write_timeout;

pub(crate) use client::HttpClient;
pub(crate) use config::{HostOverrides, OutboundConfig};
pub(crate) use error::Error;
pub(crate) use exchange::{Received, exchange};
#[cfg(feature = "testing")]
pub(crate) use fakes::Fakes;
pub use fetch::{FetchError, FetchErrorKind, Fetcher};
pub(crate) use outgoing::{Outgoing, Payload, RequestHead};
