#![doc = include_str!("../README.md")]
#![deny(missing_docs)]
#![doc(test(attr(deny(warnings))))]

#[doc(hidden)]
pub mod __private;
mod authorization;
mod convert;
mod error;
mod headers;
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
pub use headers::Headers;
pub use request::Request;
pub use response::Response;
pub use send::{Sending, invoke};
