#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

#[doc(hidden)]
pub mod __private;
mod milliseconds;
mod types;

pub use types::{FunctionInvokeRequest, FunctionInvokeResponse};
