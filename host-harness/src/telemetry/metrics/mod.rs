//! What the host counts of each function.
//!
//! A function's counters belong to its name: the next version goes on with them. Each thread adds to
//! its own copy, so counting takes no lock, and threads do not wait for each other.

mod counters;
mod histogram;
mod names;
mod pending;
mod reason;
mod snapshot;

pub(crate) use counters::FunctionCounters;
pub(crate) use names::{HostCounters, NamedCounters};
pub(crate) use pending::PendingCount;
pub(crate) use reason::Reason;
pub use snapshot::{
    CutStreams, FunctionMetrics, Histogram, InvocationCount, Metrics, QueueLengths,
};
