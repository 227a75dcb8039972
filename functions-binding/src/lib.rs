#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod milliseconds;
mod types;

pub use types::{FunctionInvokeRequest, FunctionInvokeResponse};
