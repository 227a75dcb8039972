//! Where memories and stacks are wasmtime's: each invocation has a new instance.

use std::future::Future;
use std::io;
use std::sync::Arc;

use wasmtime::Config;

/// Nothing is handed over.
#[derive(Clone, Copy)]
pub(super) enum Handover {
    Emptied,
    Unmapped,
}

pub(super) fn configure(
    _config: &mut Config,
    _places: u32,
    _verify_every: u32,
    _handover: Handover,
) -> wasmtime::Result<()> {
    wasmtime::bail!("only Linux tells what was written to, and only 64 bits have the room")
}

/// Wasmtime has an error of its own for this.
pub(super) const FULL: &str = "all slots are taken";

/// Wasmtime's slots have no owner.
#[derive(Clone, Copy)]
pub(super) struct Owner;

impl Owner {
    pub(super) fn new() -> Self {
        Self
    }
}

pub(super) struct Registration;

impl Registration {
    pub(super) fn new(_name: &Arc<str>) -> Self {
        Self
    }

    pub(super) fn owner(&self) -> Owner {
        Owner
    }
}

/// Nothing is asked of the thread.
#[must_use]
pub(super) struct PollScope;

impl PollScope {
    pub(super) fn enter(_owner: Owner) -> Self {
        Self
    }
}

pub(super) fn lay_out(_config: &mut Config) {}

pub(super) async fn capture_memory<F: Future>(future: F) -> (F::Output, Option<MemoryReset>) {
    (future.await, None)
}

pub(super) struct MemoryImage;

/// There is none.
pub(super) enum MemoryReset {}

#[expect(unsafe_code, reason = "as the one that there is on Linux")]
impl MemoryReset {
    pub(super) unsafe fn image(&self) -> Option<MemoryImage> {
        match *self {}
    }

    pub(super) fn begin(&mut self) {
        match *self {}
    }

    pub(super) unsafe fn first_difference(
        &self,
        _image: &MemoryImage,
    ) -> io::Result<Option<usize>> {
        match *self {}
    }

    pub(super) unsafe fn reset(&mut self, _image: &MemoryImage) -> io::Result<bool> {
        match *self {}
    }
}

#[cfg(feature = "fuzzing")]
pub(crate) fn finds_pages_that_are_not_present() -> Option<bool> {
    None
}
