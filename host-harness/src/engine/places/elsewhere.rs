//! Where memories and stacks are wasmtime's: each invocation has a new instance.

use std::future::Future;
use std::io;

use wasmtime::Config;

pub(super) fn offer(_config: &mut Config, _places: u32) -> wasmtime::Result<()> {
    wasmtime::bail!("only Linux tells what was written to, and only 64 bits have the room")
}

/// Wasmtime has an error of its own for this.
pub(super) const FULL: &str = "all slots are taken";

pub(super) fn in_one_poll<T>(poll: impl FnOnce() -> T) -> T {
    poll()
}

pub(super) async fn memory_made_in<F: Future>(future: F) -> (F::Output, Option<Renewal>) {
    (future.await, None)
}

pub(super) struct Image;

/// There is none.
pub(super) enum Renewal {}

#[expect(unsafe_code, reason = "as the one that there is on Linux")]
impl Renewal {
    pub(super) unsafe fn image(&self) -> Option<Image> {
        match *self {}
    }

    pub(super) fn begin(&mut self) {
        match *self {}
    }

    pub(super) unsafe fn renew(&mut self, _image: &Image) -> io::Result<bool> {
        match *self {}
    }
}
