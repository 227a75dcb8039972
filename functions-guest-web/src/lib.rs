#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

#[doc(hidden)]
pub mod __private;
mod error;
mod handler;
mod invoke;
mod problem;
mod request;
mod response;

pub use error::{WebError, WebResult};
pub use request::{FromRequest, Rejection, Request};
pub use response::{IntoResponse, WebResponse};
