use wasmtime::{PoolConcurrencyLimitError, Trap, WasmBacktrace};

use super::admission::Overloaded;
use crate::invocation::time_check::OutOfTime;
use crate::pool;
use crate::telemetry::InvocationId;
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
            .any(|cause| cause.to_string().contains(pool::FULL))
}

/// How far from address 0 the stack of a function that overflows is at most: as far as a function moves
/// its stack pointer at once.
const STACK_FRAME: u64 = 16 * 1024 * 1024;

/// What a trap means where its own text is misleading.
///
/// A function has two stacks, and either can be too small. That of its calls is the host's. That of its
/// values is at the beginning of its memory: below address 0 is the end of 32 bits, which is out of bounds.
fn explained(error: wasmtime::Error) -> wasmtime::Error {
    let what = match error.downcast_ref() {
        Some(Trap::StackOverflow) => "stack overflow: its calls are nested too deep",
        Some(Trap::MemoryOutOfBounds) if fault_is_below_zero(&error) || recursed(&error) => {
            "probably a stack overflow: its calls are nested too deep, or its values on the stack too large"
        }
        _ => return error,
    };
    error.context(what)
}

/// Whether an access was out of bounds just below address 0. Only wasmtime's text has the address.
fn fault_is_below_zero(error: &wasmtime::Error) -> bool {
    let address = error.chain().find_map(|cause| {
        let cause = cause.to_string();
        let (address, _) = cause.strip_prefix(FAULT)?.split_once(' ')?;
        u64::from_str_radix(address, 16).ok()
    });
    let zero = 1_u64 << 32;
    // What is loaded or stored may have an offset that carries it across.
    address.is_some_and(|address| address.abs_diff(zero) <= STACK_FRAME)
}

/// Whether a function of the component was called from within itself again and again. Where accesses are
/// checked by compiled code, nothing tells the address that was out of bounds.
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
    // The backtrace ends at its longest, in the middle of the recursion.
    frames.len() >= DEEP && same.count() >= TURNS
}

/// How many calls a backtrace has that was cut short: wasmtime keeps 20.
const DEEP: usize = 20;

/// How often the same function is among them. Cycles of up to six functions are recognized.
const TURNS: usize = 3;

/// What wasmtime's description of a fault begins with.
const FAULT: &str = "memory fault at wasm address 0x";

impl From<Overloaded> for Failure {
    fn from(_: Overloaded) -> Self {
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
            Self::Trap(explained(error))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn explanation(trap: Trap, fault: Option<u64>) -> String {
        let error = wasmtime::Error::from(trap);
        let error = match fault {
            None => error,
            Some(address) => error.context(format!(
                "{FAULT}{address:x} in linear memory of size 0x110000"
            )),
        };
        explained(error).to_string()
    }

    /// What is out of bounds just below address 0 is the stack, and nothing else is.
    #[test]
    fn stack_overflows_are_told_apart() {
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
