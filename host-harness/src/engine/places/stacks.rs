#![expect(unsafe_code, reason = "wasmtime's traits for stacks are unsafe")]

use std::io;
use std::ops::Range;
use std::sync::Arc;

use wasmtime::{StackCreator, StackMemory};

use super::address_space::AddressSpace;
use super::numbers::Numbers;
use super::shelves::Shelves;

/// How large a stack is, in bytes: wasmtime's default, of which the function may use a quarter.
pub(super) const SIZE: usize = 2 << 20;

/// What lies below each, in bytes, and is never mapped: at least a page, whatever its size.
const GUARD: usize = 64 << 10;

/// Stacks for the functions of one engine. They are not cleared in between, as those of wasmtime's
/// pool are not: compiled code reads nothing of a stack that it has not written to it.
pub(super) struct Stacks(Arc<Pool>);

struct Pool {
    space: Arc<AddressSpace>,
    /// Of stacks that are not made.
    numbers: Numbers,
    /// Where those begin that are free, as addresses.
    free: Shelves<usize>,
}

impl Stacks {
    pub(super) fn new(places: usize) -> io::Result<Self> {
        let length = (GUARD + SIZE).checked_mul(places);
        let space = AddressSpace::reserve(length.ok_or(io::ErrorKind::OutOfMemory)?)?;
        Ok(Self(Arc::new(Pool {
            space,
            numbers: Numbers::new(places),
            free: Shelves::new(),
        })))
    }
}

impl Pool {
    fn stack(&self) -> io::Result<usize> {
        if let Some(stack) = self.free.take(|_| true) {
            return Ok(stack);
        }
        if let Some(number) = self.numbers.take() {
            let stretch = self.space.stretch(number * (GUARD + SIZE), GUARD + SIZE);
            let stretch = stretch.ok_or(io::ErrorKind::OutOfMemory)?;
            let opened = stretch.open(GUARD..GUARD + SIZE);
            opened.inspect_err(|_| self.numbers.put(number))?;
            return Ok(stretch.address(GUARD));
        }
        let other = self.free.take_any(|_| true);
        other.ok_or_else(|| io::Error::new(io::ErrorKind::OutOfMemory, "all stacks are taken"))
    }
}

// SAFETY: a stack is memory that nobody else has, page-aligned, with a guard below it.
unsafe impl StackCreator for Stacks {
    fn new_stack(&self, size: usize, zeroed: bool) -> wasmtime::Result<Box<dyn StackMemory>> {
        wasmtime::ensure!(size <= SIZE, "no stack has more than {SIZE} bytes");
        wasmtime::ensure!(!zeroed, "stacks are not cleared");
        Ok(Box::new(Stack {
            start: self.0.stack()?,
            pool: Arc::clone(&self.0),
        }))
    }
}

/// The stack of one invocation.
struct Stack {
    start: usize,
    pool: Arc<Pool>,
}

// SAFETY: as for `Stacks`.
unsafe impl StackMemory for Stack {
    fn top(&self) -> *mut u8 {
        std::ptr::with_exposed_provenance_mut(self.start + SIZE)
    }

    fn range(&self) -> Range<usize> {
        self.start..self.start + SIZE
    }

    fn guard_range(&self) -> Range<*mut u8> {
        let guard = self.start - GUARD..self.start;
        std::ptr::with_exposed_provenance_mut(guard.start)
            ..std::ptr::with_exposed_provenance_mut(guard.end)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.pool.free.put(self.start);
    }
}
