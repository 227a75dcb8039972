#![expect(unsafe_code, reason = "wasmtime's traits for stacks are unsafe")]

use std::io;
use std::ops::Range;
use std::sync::Arc;

use wasmtime::{StackCreator, StackMemory};

use super::Handover;
use super::address_space::{AddressSpace, Stretch};
use super::owner::Owner;
use super::poll_scope::PollScope;
use super::sharded_free_list::{Shelf, Shelves};
use super::slot_indices::Numbers;

/// How large a stack is, in bytes: wasmtime's default, of which the function may use a quarter.
pub(super) const SIZE: usize = 2 << 20;

/// What lies below each, in bytes, and is never mapped: at least a page, whatever its size.
const GUARD: usize = 64 << 10;

/// How many free stacks one thread keeps for their functions; see `memories`.
const FREE_EACH_THREAD: usize = 64;

/// Stacks for the functions of one engine. They are not cleared between two invocations of a function,
/// as those of wasmtime's pool are not: compiled code reads nothing of a stack that it has not written
/// to it. One that another function gets is, for that function could tell by the time that a page takes
/// how deep the first one's calls were.
pub(super) struct Stacks {
    shelves: Shelves<Slot, Common>,
    common: Arc<Common>,
}

struct Common {
    space: Arc<AddressSpace>,
    /// Of stacks that are not made.
    numbers: Numbers,
    handover: Handover,
}

impl Stacks {
    pub(super) fn new(places: usize, handover: Handover) -> io::Result<Self> {
        let length = (GUARD + SIZE).checked_mul(places);
        let common = Arc::new(Common {
            space: AddressSpace::reserve(length.ok_or(io::ErrorKind::OutOfMemory)?)?,
            numbers: Numbers::new(places),
            handover,
        });
        Ok(Self {
            shelves: Shelves::new(&common),
            common,
        })
    }

    fn slot(&self, owner: Option<Owner>) -> io::Result<Slot> {
        let fits = |slot: &Slot| owner.is_some() && slot.owner == owner;
        if let Some(slot) = self.shelves.own().take(fits) {
            return Ok(slot);
        }
        if let Some(slot) = self.shelves.own().take_oldest(FREE_EACH_THREAD) {
            return self.common.hand_over(slot, owner);
        }
        if let Some(number) = self.common.numbers.take() {
            return self.common.make(number, owner);
        }
        if let Some(slot) = self.shelves.take_any(fits) {
            return Ok(slot);
        }
        let other = self.shelves.take_any(|_| true);
        let none = || io::Error::new(io::ErrorKind::OutOfMemory, super::FULL);
        self.common.hand_over(other.ok_or_else(none)?, owner)
    }
}

impl Common {
    /// Gives a stack to another function, with no page mapped.
    fn hand_over(&self, mut slot: Slot, owner: Option<Owner>) -> io::Result<Slot> {
        if self.handover == Handover::Unmapped {
            return self.make(slot.number, owner);
        }
        slot.owner = owner;
        let emptied = slot.stretch.empty(GUARD..GUARD + SIZE);
        emptied.inspect_err(|_| self.numbers.put(slot.number))?;
        Ok(slot)
    }

    fn make(&self, number: usize, owner: Option<Owner>) -> io::Result<Slot> {
        let stretch = self
            .space
            .stretch(number * (GUARD + SIZE), GUARD + SIZE)
            .ok_or(io::ErrorKind::OutOfMemory)?;
        // One that could not be emptied may have anything in it.
        let opened = stretch
            .renew(GUARD..GUARD + SIZE)
            .and_then(|()| stretch.open(GUARD..GUARD + SIZE));
        opened.inspect_err(|_| self.numbers.put(number))?;
        Ok(Slot {
            number,
            stretch,
            owner,
        })
    }
}

/// A place for one stack after the other.
struct Slot {
    number: usize,
    /// The guard, and the stack.
    stretch: Stretch,
    /// The function that has it, or had it last.
    owner: Option<Owner>,
}

// SAFETY: a stack is memory that nobody else has, page-aligned, with a guard below it.
unsafe impl StackCreator for Stacks {
    fn new_stack(&self, size: usize, zeroed: bool) -> wasmtime::Result<Box<dyn StackMemory>> {
        wasmtime::ensure!(size <= SIZE, "no stack has more than {SIZE} bytes");
        wasmtime::ensure!(!zeroed, "stacks are not cleared");
        let slot = self.slot(PollScope::owner())?;
        Ok(Box::new(Stack {
            start: slot.stretch.address(GUARD),
            slot: Some(slot),
            shelf: Arc::clone(self.shelves.own()),
        }))
    }
}

/// The stack of one invocation.
struct Stack {
    /// There until it is dropped.
    slot: Option<Slot>,
    /// Where it begins, as an address.
    start: usize,
    shelf: Arc<Shelf<Slot, Common>>,
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
        if let Some(slot) = self.slot.take() {
            self.shelf.put(slot);
        }
    }
}
