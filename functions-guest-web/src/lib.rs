#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

#[doc(hidden)]
pub mod __private;
#[cfg(not(target_family = "wasm"))]
pub mod coming_from {
    #![doc = include_str!("../docs/coming-from.md")]
}
mod environment;
mod error;
mod handler;
mod invoke;
#[cfg(all(target_family = "wasm", feature = "small-libc"))]
mod libc;
pub mod log;
mod problem;
mod request;
mod response;
mod stream;
pub mod task;
#[cfg(not(target_family = "wasm"))]
pub mod testing;

pub use environment::{Fields, WebEnvironment};
pub use error::{WebError, WebResult};
pub use request::{FromRequest, Rejection, Request};
pub use response::{IntoHeaders, IntoResponse, InvalidHeader, Status, WebResponse};
pub use stream::{Event, EventWriter, ResponseWriter, Sse, StreamError};
