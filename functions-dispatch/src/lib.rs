#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod any;
mod call;
mod client;
mod coroutine;
mod endpoint;
mod error;
mod marshal;
mod messages;
mod status;
#[cfg(feature = "signatures")]
mod verify;
mod wire;

pub use any::Any;
pub use call::{Call, DispatchId};
pub use client::{Batch, BatchFuture, Client, ClientBuilder, DispatchFuture};
pub use coroutine::{CallFuture, call};
pub use endpoint::{Awaited, CallHandler, CallOutput, Endpoint, Fallible, Function, Plain};
pub use error::Error;
#[cfg(feature = "json")]
pub use functions_bytes::encoding::Json;
#[cfg(feature = "prost")]
pub use functions_bytes::encoding::Protobuf;
pub use marshal::{Marshal, Unmarshal, Value, marshal, unmarshal};
pub use status::{Failure, Status};
#[cfg(feature = "signatures")]
pub use verify::VerificationKey;
