#![expect(unsafe_code, reason = "wasmtime's traits for stacks are unsafe")]

use std::io;
use std::ops::Range;
use std::sync::Arc;

use wasmtime::{StackCreator, StackMemory};

use super::DiscardMode;
use super::address_space::{AddressSpace, Region};
use super::owner::Owner;
use super::sharded_free_list::{Shard, ShardedFreeList};
use super::slot_indices::SlotIndices;
use super::slot_scope::SlotScope;

/// The size of a stack, in bytes: wasmtime's default. Functions may use a quarter of it.
pub(super) const SIZE: usize = 2 << 20;

/// The unmapped guard below each stack, in bytes: at least a page of any size.
const GUARD: usize = 64 << 10;

/// The free stacks that one thread keeps for their owners; see `memory_pool`.
const FREE_EACH_THREAD: usize = 64;

/// The stacks of all functions of one engine.
///
/// Like those of wasmtime's pool, stacks are not cleared between two invocations of one function:
/// compiled code never reads stack memory before it writes it. A stack is emptied before another
/// function gets it. Otherwise that function could measure page access times, and learn how deep
/// the first function's calls were.
pub(super) struct StackPool {
    free_slots: ShardedFreeList<Slot, Shared>,
    shared: Arc<Shared>,
}

struct Shared {
    space: Arc<AddressSpace>,
    /// The indices without a `Slot`.
    indices: SlotIndices,
    discard: DiscardMode,
}

impl StackPool {
    pub(super) fn new(slots: usize, discard: DiscardMode) -> io::Result<Self> {
        let length = (GUARD + SIZE).checked_mul(slots);
        let shared = Arc::new(Shared {
            space: AddressSpace::reserve(length.ok_or(io::ErrorKind::OutOfMemory)?)?,
            indices: SlotIndices::new(slots),
            discard,
        });
        Ok(Self {
            free_slots: ShardedFreeList::new(&shared),
            shared,
        })
    }

    fn slot(&self, owner: Option<Owner>) -> io::Result<Slot> {
        let fits = |slot: &Slot| owner.is_some() && slot.owner == owner;
        if let Some(slot) = self.free_slots.home().take(fits) {
            return Ok(slot);
        }
        if let Some(slot) = self.free_slots.home().take_oldest(FREE_EACH_THREAD) {
            return self.shared.transfer(slot, owner);
        }
        if let Some(index) = self.shared.indices.take() {
            return self.shared.create(index, owner);
        }
        if let Some(slot) = self.free_slots.steal(fits) {
            return Ok(slot);
        }
        let stolen = self.free_slots.steal(|_| true);
        let no_slot_left = || io::Error::new(io::ErrorKind::OutOfMemory, super::FULL);
        self.shared
            .transfer(stolen.ok_or_else(no_slot_left)?, owner)
    }
}

impl Shared {
    /// Gives a stack to another function, with no page mapped.
    fn transfer(&self, mut slot: Slot, owner: Option<Owner>) -> io::Result<Slot> {
        if self.discard == DiscardMode::Remap {
            return self.create(slot.index, owner);
        }
        slot.owner = owner;
        let emptied = slot.region.decommit(GUARD..GUARD + SIZE);
        emptied.inspect_err(|_| self.indices.put(slot.index))?;
        Ok(slot)
    }

    fn create(&self, index: usize, owner: Option<Owner>) -> io::Result<Slot> {
        let region = self
            .space
            .region(index * (GUARD + SIZE), GUARD + SIZE)
            .ok_or(io::ErrorKind::OutOfMemory)?;
        // A stack that could not be emptied may still have contents.
        let opened = region.change(|region| {
            region.remap_inaccessible(GUARD..GUARD + SIZE)?;
            region.make_accessible(GUARD..GUARD + SIZE)
        });
        opened.inspect_err(|_| self.indices.put(index))?;
        Ok(Slot {
            index,
            region,
            owner,
        })
    }
}

/// A slot for one stack after another.
struct Slot {
    index: usize,
    /// The guard, followed by the stack.
    region: Region,
    /// The function that uses the slot, or used it last.
    owner: Option<Owner>,
}

// SAFETY: each stack has its slot to itself; it is page-aligned, with a guard below it.
unsafe impl StackCreator for StackPool {
    fn new_stack(&self, size: usize, zeroed: bool) -> wasmtime::Result<Box<dyn StackMemory>> {
        wasmtime::ensure!(
            size <= SIZE,
            "a stack of {size} bytes exceeds the maximum of {SIZE}"
        );
        wasmtime::ensure!(!zeroed, "zeroed stacks are not supported");
        let slot = self.slot(SlotScope::owner())?;
        Ok(Box::new(Stack {
            start: slot.region.address(GUARD),
            slot: Some(slot),
            shard: Arc::clone(self.free_slots.home()),
        }))
    }
}

/// The stack of one invocation.
struct Stack {
    /// Present until the stack is dropped.
    slot: Option<Slot>,
    /// The lowest address of the stack.
    start: usize,
    shard: Arc<Shard<Slot, Shared>>,
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
