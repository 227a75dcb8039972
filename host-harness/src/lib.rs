#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

/// The examples of docs/testing.md.
#[cfg(all(doctest, feature = "testing"))]
#[doc = include_str!("../../docs/testing.md")]
struct TestingGuide;

mod command;
mod compile;
mod engine;
mod gateway;
mod harness;
mod invocation;
mod limits;
mod message;
mod outbound;
mod pool;
mod registry;
mod telemetry;
mod threads;
mod wit;

pub use command::{CommandBundle, InvalidPath};
pub use compile::CompilerProcess;
pub use engine::Reuse;
pub use gateway::{
    CallTargets, Deferral, DeferralFuture, DeferredRequest, InvocationError, InvokeOptions, Next,
    Server, TargetCall, TargetFuture, TokenCheck, TokenVerifier,
};
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub use harness::fuzzing;
pub use harness::{BuildError, Builder, Harness};
pub use invocation::access::{Callers, Ingress};
pub use invocation::report::InvocationReport;
pub use limits::Limits;
pub use message::body::Body;
pub use outbound::{FetchError, FetchErrorKind, Fetcher};
/// The version that an embedder's interfaces have to use: see [`HostInterface`].
pub use wasmtime;

pub use registry::{
    ComponentEngine, ComponentSource, DeployError, FunctionInfo, FunctionSettings, InstanceCounts,
    InvalidSetting, LoadError, LoadErrorKind, SlotOwner,
};
pub use telemetry::metrics::{
    CutStreams, FunctionMetrics, Histogram, InvocationCount, Metrics, QueueLengths,
};
pub use telemetry::{Escaped, InvocationId, LogLevel, OutputStream, Record, RecordKind, stderr};
pub use wit::{HostInterface, State as InvocationState};
