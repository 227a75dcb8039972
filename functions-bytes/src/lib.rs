#![doc = include_str!("../README.md")]
#![deny(missing_docs)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc(test(attr(deny(warnings))))]

#[doc(hidden)]
pub mod __private;
mod answer;
mod data;
pub mod encoding;
mod error;
mod reader;
#[doc(hidden)]
pub mod task;

pub use data::Data;
pub use error::ReadError;
pub use reader::Reader;
