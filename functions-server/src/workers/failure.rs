//! Why an instance cannot be used any longer.

use std::time::SystemTime;

use wasmtime_wasi::I32Exit;

use super::journal::JournalTooLong;
use super::runtime::{CpuLimit, Diverged, Suspended, TooLarge};

/// Why an instance cannot be used any longer.
#[derive(Debug)]
pub(super) enum InstanceFailure {
    Diverged(Diverged),
    Exited,
    /// It sleeps for long, and can do so without an instance.
    Suspended(SystemTime),
    /// A limit: it would be reached again.
    Limit(String),
    Trapped(String),
}

impl InstanceFailure {
    pub(super) fn of(error: &wasmtime::Error) -> Self {
        if let Some(diverged) = error.downcast_ref::<Diverged>() {
            return Self::Diverged(diverged.clone());
        }
        if let Some(Suspended { until }) = error.downcast_ref::<Suspended>() {
            return Self::Suspended(*until);
        }
        if error.is::<I32Exit>() {
            return Self::Exited;
        }
        if error.is::<CpuLimit>() || error.is::<JournalTooLong>() || error.is::<TooLarge>() {
            return Self::Limit(error.root_cause().to_string());
        }
        match error.downcast_ref::<wasmtime::Trap>() {
            // How deep a stack gets depends on the compiler, so that is not tried again.
            Some(wasmtime::Trap::StackOverflow) => Self::Limit(format!("{error:?}")),
            _ => Self::Trapped(format!("{error:?}")),
        }
    }
}

/// The reason of a trap, with the end of what the guest wrote to its standard error.
pub(super) fn with_stderr(why: String, stderr: &str) -> String {
    match stderr.is_empty() {
        true => why,
        false => format!("{why}\n\n{stderr}"),
    }
}
