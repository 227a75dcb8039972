#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod request;

pub use request::Request;
