use wasmtime::{PoolConcurrencyLimitError, Trap};

use super::permits::Full;
use super::places;
use crate::interfaces::State;
use crate::interfaces::time_check::OutOfTime;
use crate::telemetry::InvocationId;

/// Why an invocation has no reply.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("too many requests are waiting")]
    Overloaded,
    #[error("the function did not answer within its time limit")]
    Timeout,
    #[error("the function did not end its response within the time limit of streams")]
    StreamTimeout,
    #[error("the function computed for longer than its CPU time limit")]
    CpuTime,
    #[error("the function needs more memory than its limit")]
    Memory,
    #[error("the function stopped")]
    Trap(#[source] wasmtime::Error),
    #[error("the function answered with something that is no HTTP response: {0}")]
    InvalidReply(String),
    /// Nothing that the function did.
    #[error("the host could not run the function")]
    Host(#[source] wasmtime::Error),
}

/// Whether an instance could not be made because others have all memories or stacks.
fn no_slot_left(error: &wasmtime::Error) -> bool {
    error.is::<PoolConcurrencyLimitError>()
        || error
            .chain()
            .any(|cause| cause.to_string().contains(places::FULL))
}

impl From<Full> for Failure {
    fn from(_: Full) -> Self {
        Self::Overloaded
    }
}

impl Failure {
    /// Why a call ended, with what it left behind: a function that was refused memory traps soon after.
    pub(super) fn of_call(error: wasmtime::Error, state: &State) -> Self {
        match error.downcast_ref() {
            Some(OutOfTime::Cpu) => return Self::CpuTime,
            Some(OutOfTime::Wall) if state.is_streaming() => return Self::StreamTimeout,
            Some(OutOfTime::Wall) => return Self::Timeout,
            None => {}
        }
        if no_slot_left(&error) {
            Self::Overloaded
        } else if state.memory.exceeded() || error.downcast_ref() == Some(&Trap::AllocationTooLarge)
        {
            Self::Memory
        } else {
            Self::Trap(error)
        }
    }

    /// The whole of it goes to the log: the client only learns its kind, or that there is no more.
    pub(crate) fn log(&self, function: &str, id: InvocationId) {
        match self {
            Self::Trap(cause) | Self::Host(cause) => {
                tracing::error!(function, invocation = %id, "{self}: {cause:?}");
            }
            Self::Overloaded => tracing::warn!(function, invocation = %id, "{self}"),
            _ => tracing::error!(function, invocation = %id, "{self}"),
        }
    }
}
