//! Why an instance of a worker cannot be used any longer.

use std::time::SystemTime;

use crate::workers::error::WorkerError;
use crate::workers::failure::InstanceFailure;
use crate::workers::journal::InvocationOutcome;
use crate::workers::runtime::Diverged;

/// Why an instance of a worker cannot be used any longer.
#[derive(Debug)]
pub(super) enum ExecutionError {
    /// An invocation ended with it.
    Failed(FailedInvocation),
    /// The replay shows something else than the journal.
    Diverged(Diverged),
    /// The component traps before it can be called.
    Creation(String),
    /// It sleeps until then, and needs no instance meanwhile.
    Suspended(SystemTime),
    /// The host cannot load it now.
    Unavailable(WorkerError),
}

/// An invocation that took its instance with it.
#[derive(Debug)]
pub(super) struct FailedInvocation {
    pub(super) key: String,
    pub(super) outcome: InvocationOutcome,
    /// Whether it might end in another way if it is run again.
    pub(super) may_retry: bool,
}

impl ExecutionError {
    /// Why a component does not load what it loaded before.
    pub(super) fn not_loaded(error: &wasmtime::Error) -> Self {
        match InstanceFailure::of(error) {
            InstanceFailure::Diverged(diverged) => Self::Diverged(diverged),
            InstanceFailure::Suspended(until) => Self::Suspended(until),
            // The limit is lower now, or the machine busier.
            InstanceFailure::Limit(why) => Self::Unavailable(WorkerError::Unavailable(why)),
            InstanceFailure::Exited | InstanceFailure::Trapped(_) => Self::Diverged(Diverged {
                call: format!("loading a snapshot failed: {error:#}"),
                found: "that it was loaded".to_owned(),
            }),
        }
    }
}
