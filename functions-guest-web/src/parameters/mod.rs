//! The parameters of a path, decoded into any type that serde knows.
//!
//! The errors are for the sender of the request: they say which parameter is wrong, and why, and
//! never the name of a Rust type.

mod error;
mod named;
pub(crate) mod path;
mod value;

pub(crate) use error::{Error, Fault};
