#![doc = include_str!("../README.md")]
#![deny(missing_docs)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc(test(attr(deny(warnings))))]

#[doc(hidden)]
pub mod __private;
mod answer;
#[cfg(not(target_family = "wasm"))]
mod arrival;
mod data;
pub mod encoding;
mod error;
mod headers;
#[cfg(feature = "outgoing")]
#[doc(hidden)]
pub mod outgoing;
mod reader;
mod single;
#[doc(hidden)]
pub mod task;

pub use data::Data;
pub use error::ReadError;
pub use headers::{Headers, InvalidHeader};
pub use reader::Reader;
