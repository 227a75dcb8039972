//! Uses wasmtime's memories and stacks, so that each invocation has a new instance.

use std::future::Future;
use std::io;
use std::sync::Arc;

use wasmtime::Config;

/// Ignored: this pool has no slots.
#[derive(Clone, Copy)]
pub(super) enum Handover {
    Emptied,
    Unmapped,
}

pub(super) fn configure(
    _config: &mut Config,
    _slots: u32,
    _verify_every: u32,
    _handover: Handover,
) -> wasmtime::Result<()> {
    wasmtime::bail!("the host's memory pool needs 64-bit Linux")
}

/// Never returned here: wasmtime has its own error.
pub(super) const FULL: &str = "all slots are taken";

/// A placeholder: wasmtime's slots have no owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// A placeholder: nothing reads the current poll.
#[must_use]
pub(super) struct PollScope;

impl PollScope {
    pub(super) fn enter(_owner: Owner) -> Self {
        Self
    }
}

pub(super) fn set_memory_layout(_config: &mut Config) {}

pub(super) async fn capture_memory<F: Future>(future: F) -> (F::Output, Option<MemoryReset>) {
    (future.await, None)
}

pub(super) struct MemoryImage;

/// Uninhabited: no memory can be reset here.
pub(super) enum MemoryReset {}

#[expect(unsafe_code, reason = "the same signatures as on Linux")]
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
