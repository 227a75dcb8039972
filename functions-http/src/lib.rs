#![doc = include_str!("../README.md")]
#![deny(missing_docs)]
#![doc(test(attr(deny(warnings))))]

#[doc(hidden)]
pub mod __private;
mod convert;
mod error;
#[cfg(target_family = "wasm")]
mod host;
#[cfg(not(target_family = "wasm"))]
#[path = "native.rs"]
mod host;
mod request;
mod response;
mod send;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
#[cfg(feature = "web")]
mod web;

pub use error::Error;
#[doc(inline)]
pub use functions_bytes::Headers;
pub use request::Request;
pub use response::Response;
pub use send::{ResponseFuture, invoke};

/// The name that [`ResponseFuture`] had before.
#[deprecated(since = "0.1.0", note = "use `ResponseFuture`")]
pub type Sending = ResponseFuture;
