#![expect(unsafe_code, reason = "wasmtime's traits for stacks are unsafe")]

use std::io;
use std::ops::Range;
use std::sync::Arc;

use wasmtime::{StackCreator, StackMemory};

use super::address_space::AddressSpace;
use super::numbers::Numbers;
use crate::engine::shelves::{Shelf, Shelves};

/// How large a stack is, in bytes: wasmtime's default, of which the function may use a quarter.
pub(super) const SIZE: usize = 2 << 20;

/// What lies below each, in bytes, and is never mapped: at least a page, whatever its size.
const GUARD: usize = 64 << 10;

/// Stacks for the functions of one engine. They are not cleared in between, as those of wasmtime's
/// pool are not: compiled code reads nothing of a stack that it has not written to it.
pub(super) struct Stacks {
    /// Where those begin that are free, as addresses.
    shelves: Shelves<usize, Common>,
    common: Arc<Common>,
}

struct Common {
    space: Arc<AddressSpace>,
    /// Of stacks that are not made.
    numbers: Numbers,
}

impl Stacks {
    pub(super) fn new(places: usize) -> io::Result<Self> {
        let length = (GUARD + SIZE).checked_mul(places);
        let common = Arc::new(Common {
            space: AddressSpace::reserve(length.ok_or(io::ErrorKind::OutOfMemory)?)?,
            numbers: Numbers::new(places),
        });
        Ok(Self {
            shelves: Shelves::new(&common),
            common,
        })
    }

    fn stack(&self) -> io::Result<usize> {
        if let Some(stack) = self.shelves.own().take(|_| true) {
            return Ok(stack);
        }
        if let Some(number) = self.common.numbers.take() {
            return self.common.make(number);
        }
        let other = self.shelves.take_any(|_| true);
        other.ok_or_else(|| io::Error::new(io::ErrorKind::OutOfMemory, super::FULL))
    }
}

impl Common {
    fn make(&self, number: usize) -> io::Result<usize> {
        let stretch = self
            .space
            .stretch(number * (GUARD + SIZE), GUARD + SIZE)
            .ok_or(io::ErrorKind::OutOfMemory)?;
        let opened = stretch.open(GUARD..GUARD + SIZE);
        opened.inspect_err(|_| self.numbers.put(number))?;
        Ok(stretch.address(GUARD))
    }
}

// SAFETY: a stack is memory that nobody else has, page-aligned, with a guard below it.
unsafe impl StackCreator for Stacks {
    fn new_stack(&self, size: usize, zeroed: bool) -> wasmtime::Result<Box<dyn StackMemory>> {
        wasmtime::ensure!(size <= SIZE, "no stack has more than {SIZE} bytes");
        wasmtime::ensure!(!zeroed, "stacks are not cleared");
        Ok(Box::new(Stack {
            start: self.stack()?,
            shelf: Arc::clone(self.shelves.own()),
        }))
    }
}

/// The stack of one invocation.
struct Stack {
    start: usize,
    shelf: Arc<Shelf<usize, Common>>,
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
        self.shelf.put(self.start);
    }
}
