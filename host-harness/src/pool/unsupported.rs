//! Uses wasmtime's memories and stacks, so that each invocation has a new instance.

use std::future::Future;
use std::io;

use wasmtime::Config;

use super::DiscardMode;

pub(crate) fn configure(
    _config: &mut Config,
    _slots: u32,
    _verify_every: u32,
    _discard: DiscardMode,
) -> io::Result<()> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "the host's memory pool needs 64-bit Linux",
    ))
}

pub(crate) fn set_memory_layout(_config: &mut Config) {}

pub(crate) async fn capture_memory<F: Future>(future: F) -> (F::Output, Option<MemoryReset>) {
    (future.await, None)
}

pub(crate) struct MemoryImage;

/// Uninhabited: no memory can be reset here.
pub(crate) enum MemoryReset {}

#[expect(unsafe_code, reason = "the same signatures as on Linux")]
impl MemoryReset {
    pub(crate) unsafe fn image(&self) -> Option<MemoryImage> {
        match *self {}
    }

    pub(crate) fn begin(&mut self) {
        match *self {}
    }

    pub(crate) unsafe fn first_difference(
        &self,
        _image: &MemoryImage,
    ) -> io::Result<Option<usize>> {
        match *self {}
    }

    pub(crate) unsafe fn reset(&mut self, _image: &MemoryImage) -> io::Result<bool> {
        match *self {}
    }
}

#[cfg(feature = "fuzzing")]
pub(crate) fn finds_pages_that_are_not_present() -> Option<bool> {
    None
}
