//! Names and values in text, from a path or a query, decoded into any type that serde knows.
//!
//! The errors are for whoever sent the request: they say which parameter is wrong, and why, and
//! never the name of a Rust type.

mod empty;
mod error;
mod named;
#[cfg(feature = "router")]
pub(crate) mod path;
#[cfg(feature = "query")]
pub(crate) mod query;
mod value;
#[cfg(feature = "query")]
mod values;

pub(crate) use error::{Error, Fault};
