use wasmtime::{PoolConcurrencyLimitError, Trap, WasmBacktrace};

use crate::command::MAX_TEXT;
use crate::invocation::permits::Overloaded;
use crate::invocation::time_check::OutOfTime;
use crate::pool;
use crate::telemetry::metrics::Reason;
use crate::telemetry::{InvocationId, admitted, cut};
use crate::wit::State;

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
    #[error("the command ended with exit code {0}")]
    Exit(i32),
    #[error("the command's result is longer than {MAX_TEXT} bytes, or than the host has room for")]
    Output,
    #[error("the function's reply is not a valid HTTP response: {0}")]
    InvalidReply(String),
    /// A failure that the function did not cause.
    #[error("the host could not run the function")]
    Host(#[source] wasmtime::Error),
}

/// Whether instantiation failed because all memories or stacks are in use.
fn no_slot_left(error: &wasmtime::Error) -> bool {
    error.is::<PoolConcurrencyLimitError>()
        || error
            .chain()
            .any(|cause| cause.to_string().contains(pool::FULL))
}

/// How far from address 0 an overflowing stack accesses memory: the largest step of a stack
/// pointer.
const STACK_FRAME: u64 = 16 * 1024 * 1024;

/// Adds an explanation to a trap whose own text is misleading.
///
/// A function has two stacks, and either can overflow. The host's holds its calls. The one for its
/// values starts at the beginning of its memory: below address 0 the address wraps around to the
/// end of 32 bits, which is out of bounds.
fn explain(error: wasmtime::Error) -> wasmtime::Error {
    let hint = match error.downcast_ref() {
        Some(Trap::StackOverflow) => "stack overflow: calls are nested too deeply",
        Some(Trap::MemoryOutOfBounds) if fault_is_below_zero(&error) || recursed(&error) => {
            "probably a stack overflow: calls are nested too deeply, or values on the stack too large"
        }
        _ => return error,
    };
    error.context(hint)
}

/// Whether an access was out of bounds just below address 0. Only wasmtime's text has the address.
fn fault_is_below_zero(error: &wasmtime::Error) -> bool {
    let address = error.chain().find_map(|cause| {
        let cause = cause.to_string();
        let (address, _) = cause.strip_prefix(FAULT_PREFIX)?.split_once(' ')?;
        u64::from_str_radix(address, 16).ok()
    });
    let zero = 1_u64 << 32;
    // The offset of the instruction may carry the access across address 0.
    address.is_some_and(|address| address.abs_diff(zero) <= STACK_FRAME)
}

/// Whether a function called itself repeatedly. If compiled code checks bounds, the trap has no
/// address.
fn recursed(error: &wasmtime::Error) -> bool {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else {
        return false;
    };
    let frames = backtrace.frames();
    let Some(outermost) = frames.last() else {
        return false;
    };
    let same = frames
        .iter()
        .filter(|frame| frame.func_index() == outermost.func_index());
    // A truncated backtrace ends in the middle of the recursion.
    frames.len() >= BACKTRACE_LIMIT && same.count() >= MIN_RECURSION
}

/// The length of a truncated backtrace: wasmtime keeps 20 calls.
const BACKTRACE_LIMIT: usize = 20;

/// How often the same function occurs in one. Recognizes cycles of up to six functions.
const MIN_RECURSION: usize = 3;

/// The prefix of wasmtime's description of a fault.
const FAULT_PREFIX: &str = "memory fault at wasm address 0x";

impl From<Overloaded> for Failure {
    fn from(_: Overloaded) -> Self {
        Self::Overloaded
    }
}

impl Failure {
    /// The failure of a call that returned an error. Checks the state first, because a function
    /// that was refused memory traps soon after.
    pub(super) fn from_call(error: wasmtime::Error, state: &State) -> Self {
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
            let error = explain(error);
            Self::Trap(admitted(&error, |bytes| state.admits_log(bytes)))
        }
    }

    /// Its name in metrics and problem documents.
    pub(crate) fn reason(&self) -> Reason {
        match self {
            Self::Overloaded => Reason::Overloaded,
            Self::Timeout | Self::StreamTimeout => Reason::Timeout,
            Self::CpuTime => Reason::CpuLimit,
            Self::Memory => Reason::MemoryLimit,
            Self::Trap(_) | Self::Exit(_) | Self::Output => Reason::Trap,
            Self::InvalidReply(_) => Reason::InvalidReply,
            Self::Host(_) => Reason::Host,
        }
    }

    /// Logs the whole failure. The client learns only its kind, or that the body is incomplete.
    pub(crate) fn log(&self, function: &str, id: InvocationId, request: Option<&str>) {
        match self {
            // Its causes are cut already, and the last one must stay.
            Self::Trap(cause) => {
                tracing::error!(function, invocation = %id, request, "{self}: {cause:?}");
            }
            Self::Host(cause) => {
                let text = cut(format_args!("{self}: {cause:?}"));
                tracing::error!(function, invocation = %id, request, "{text}");
            }
            Self::Overloaded => tracing::warn!(function, invocation = %id, request, "{self}"),
            _ => tracing::error!(function, invocation = %id, request, "{}", cut(self)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explanation(trap: Trap, fault: Option<u64>) -> String {
        let error = wasmtime::Error::from(trap);
        let error = match fault {
            None => error,
            Some(address) => error.context(format!(
                "{FAULT_PREFIX}{address:x} in linear memory of size 0x110000"
            )),
        };
        explain(error).to_string()
    }

    /// An access just below address 0 is explained as a stack overflow, and no other is.
    #[test]
    fn stack_overflow_is_told_from_other_accesses() {
        let out_of_bounds = |address| explanation(Trap::MemoryOutOfBounds, Some(address));
        for stack in [0xffff_fff0, 0x1_0000_0010, 0xff00_0000] {
            assert!(out_of_bounds(stack).contains("stack overflow"), "{stack:x}");
        }
        for other in [0, 0x11_0000, 0xfeff_ffff, 0x1_0100_0001] {
            assert!(!out_of_bounds(other).contains("stack"), "{other:x}");
        }
        assert!(!explanation(Trap::MemoryOutOfBounds, None).contains("stack"));
        assert!(explanation(Trap::StackOverflow, None).contains("stack overflow"));
        assert!(
            !explanation(Trap::UnreachableCodeReached, Some(0xffff_fff0))
                .contains("stack overflow")
        );
    }
}
