#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

#[doc(hidden)]
pub mod cli;
mod engine;
mod gateway;
mod harness;
mod interfaces;
mod registry;
mod telemetry;

pub use engine::{CompilerProcess, Limits, Reuse};
pub use gateway::Server;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub use harness::fuzzing;
pub use harness::{BuildError, Builder, Harness};
pub use interfaces::body::Body;
pub use registry::{LoadError, LoadErrorKind};
pub use telemetry::{InvocationId, LogLevel, OutputStream, Record, RecordKind};
