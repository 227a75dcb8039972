#![expect(unsafe_code, reason = "wasmtime's traits for stacks are unsafe")]

use std::io;
use std::ops::Range;
use std::sync::Arc;

use wasmtime::{StackCreator, StackMemory};

use super::Handover;
use super::address_space::{AddressSpace, Region};
use super::owner::Owner;
use super::poll_scope::PollScope;
use super::sharded_free_list::{Shard, ShardedFreeList};
use super::slot_indices::SlotIndices;

/// How large a stack is, in bytes: wasmtime's default, of which the function may use a quarter.
pub(super) const SIZE: usize = 2 << 20;

/// What lies below each, in bytes, and is never mapped: at least a page, whatever its size.
const GUARD: usize = 64 << 10;

/// How many free stacks one thread keeps for their functions; see `memories`.
const FREE_EACH_THREAD: usize = 64;

/// The stacks of all functions of one engine. They are not cleared between two invocations of a function,
/// as those of wasmtime's pool are not: compiled code reads nothing of a stack that it has not written
/// to it. One that another function gets is, for that function could tell by the time that a page takes
/// how deep the first one's calls were.
pub(super) struct StackPool {
    free_slots: ShardedFreeList<Slot, Common>,
    common: Arc<Common>,
}

struct Common {
    space: Arc<AddressSpace>,
    /// Of stacks that are not made.
    indices: SlotIndices,
    handover: Handover,
}

impl StackPool {
    pub(super) fn new(places: usize, handover: Handover) -> io::Result<Self> {
        let length = (GUARD + SIZE).checked_mul(places);
        let common = Arc::new(Common {
            space: AddressSpace::reserve(length.ok_or(io::ErrorKind::OutOfMemory)?)?,
            indices: SlotIndices::new(places),
            handover,
        });
        Ok(Self {
            free_slots: ShardedFreeList::new(&common),
            common,
        })
    }

    fn slot(&self, owner: Option<Owner>) -> io::Result<Slot> {
        let fits = |slot: &Slot| owner.is_some() && slot.owner == owner;
        if let Some(slot) = self.free_slots.home().take(fits) {
            return Ok(slot);
        }
        if let Some(slot) = self.free_slots.home().take_oldest(FREE_EACH_THREAD) {
            return self.common.hand_over(slot, owner);
        }
        if let Some(number) = self.common.indices.take() {
            return self.common.make(number, owner);
        }
        if let Some(slot) = self.free_slots.steal(fits) {
            return Ok(slot);
        }
        let other = self.free_slots.steal(|_| true);
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
        let emptied = slot.region.decommit(GUARD..GUARD + SIZE);
        emptied.inspect_err(|_| self.indices.put(slot.number))?;
        Ok(slot)
    }

    fn make(&self, number: usize, owner: Option<Owner>) -> io::Result<Slot> {
        let region = self
            .space
            .region(number * (GUARD + SIZE), GUARD + SIZE)
            .ok_or(io::ErrorKind::OutOfMemory)?;
        // One that could not be emptied may have anything in it.
        let opened = region
            .remap_inaccessible(GUARD..GUARD + SIZE)
            .and_then(|()| region.make_accessible(GUARD..GUARD + SIZE));
        opened.inspect_err(|_| self.indices.put(number))?;
        Ok(Slot {
            number,
            region,
            owner,
        })
    }
}

/// A place for one stack after the other.
struct Slot {
    number: usize,
    /// The guard, and the stack.
    region: Region,
    /// The function that has it, or had it last.
    owner: Option<Owner>,
}

// SAFETY: a stack is memory that nobody else has, page-aligned, with a guard below it.
unsafe impl StackCreator for StackPool {
    fn new_stack(&self, size: usize, zeroed: bool) -> wasmtime::Result<Box<dyn StackMemory>> {
        wasmtime::ensure!(size <= SIZE, "no stack has more than {SIZE} bytes");
        wasmtime::ensure!(!zeroed, "stacks are not cleared");
        let slot = self.slot(PollScope::owner())?;
        Ok(Box::new(Stack {
            start: slot.region.address(GUARD),
            slot: Some(slot),
            shard: Arc::clone(self.free_slots.home()),
        }))
    }
}

/// The stack of one invocation.
struct Stack {
    /// There until it is dropped.
    slot: Option<Slot>,
    /// Where it begins, as an address.
    start: usize,
    shard: Arc<Shard<Slot, Common>>,
}

// SAFETY: as for `StackPool`.
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
            self.shard.put(slot);
        }
    }
}
