use wasmtime::Trap;

/// Why an invocation has no reply.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("too many requests are waiting")]
    Overloaded,
    #[error("the function did not answer within its time limit")]
    Timeout,
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

/// What the CPU meter stops a function with.
#[derive(Debug, thiserror::Error)]
#[error("CPU time limit")]
pub(super) struct OutOfCpuTime;

impl Failure {
    /// Why a call ended: `memory_exceeded` when the function was refused memory before.
    pub(super) fn of_call(error: wasmtime::Error, memory_exceeded: bool) -> Self {
        if error.is::<OutOfCpuTime>() {
            Self::CpuTime
        } else if memory_exceeded || error.downcast_ref() == Some(&Trap::AllocationTooLarge) {
            Self::Memory
        } else {
            Self::Trap(error)
        }
    }
}
