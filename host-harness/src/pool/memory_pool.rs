#![expect(unsafe_code, reason = "wasmtime's traits for memories are unsafe")]

use std::io;
use std::sync::Arc;

use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

use super::DiscardMode;
use super::address_space::AddressSpace;
use super::faults::{self, FaultSnapshot};
use super::memory_reset;
use super::owner::Owner;
use super::pagemap::Pagemap;
use super::sharded_free_list::{Shard, ShardedFreeList};
use super::slot::Slot;
use super::slot_indices::SlotIndices;
use super::slot_scope::SlotScope;
use super::verify;

/// The maximum size of a memory, in bytes. 32 bits can address no more, so compiled code checks no
/// bounds.
pub(super) const RESERVATION: usize = 4 << 30;

/// The size of the unmapped guard after each memory, in bytes. It covers the offsets in
/// instructions, which are added to a 32-bit address.
pub(super) const GUARD: usize = 32 << 20;

/// The free slots that one thread keeps for their owners. Beyond this number, another function gets
/// the least recently used one instead of a slot that was never used.
const FREE_EACH_THREAD: usize = 64;

/// The memories of all functions of one engine.
pub(super) struct MemoryPool {
    free_slots: ShardedFreeList<Slot, SharedMemories>,
    shared: Arc<SharedMemories>,
}

struct SharedMemories {
    space: Arc<AddressSpace>,
    /// The indices without a `Slot`.
    indices: SlotIndices,
    pagemap: Pagemap,
    /// Verifies one in this many resets; 0 verifies none.
    verify_every: u32,
    discard: DiscardMode,
}

impl MemoryPool {
    pub(super) fn new(
        slots: usize,
        pagemap: Pagemap,
        verify_every: u32,
        discard: DiscardMode,
    ) -> io::Result<Self> {
        // A guard precedes the first memory as well.
        let length = (RESERVATION + GUARD)
            .checked_mul(slots)
            .and_then(|length| length.checked_add(GUARD))
            .ok_or(io::ErrorKind::OutOfMemory)?;
        let shared = Arc::new(SharedMemories {
            space: AddressSpace::reserve(length)?,
            indices: SlotIndices::new(slots),
            pagemap,
            verify_every,
            discard,
        });
        Ok(Self {
            free_slots: ShardedFreeList::new(&shared),
            shared,
        })
    }

    /// Tests whether the kernel counts faults and finds written pages. Some systems that call
    /// themselves Linux do not.
    pub(super) fn self_test(&self) -> io::Result<()> {
        let pagemap = &self.shared.pagemap;
        let page = pagemap.page();
        let space = AddressSpace::reserve(2 * page)?;
        let memory = space
            .region(0, 2 * page)
            .ok_or(io::ErrorKind::InvalidInput)?;
        memory.make_accessible(0..2 * page)?;
        memory.huge_pages(0..2 * page, false)?;
        let before = faults::count();
        // SAFETY: the memory was just made accessible, and nobody else uses it.
        unsafe { memory.zero(page..page + 1) };
        let counted = before.is_some() && faults::count() > before;
        let found = pagemap.find_written(memory.address(0)..memory.address(2 * page), 2 * page)?;
        let right = memory.address(page)..memory.address(2 * page);
        // Locked memory cannot be returned to the kernel.
        memory.decommit(0..2 * page)?;
        let after = pagemap.find_written(memory.address(0)..memory.address(2 * page), 2 * page)?;
        if counted && found.parts == [right] && after.parts.is_empty() {
            Ok(())
        } else {
            let problem = "the kernel does not report which pages were written";
            Err(io::Error::new(io::ErrorKind::Unsupported, problem))
        }
    }

    /// Takes a slot that this owner used last, or one that reveals nothing about its last owner.
    fn slot(&self, minimum: usize, owner: Option<Owner>) -> io::Result<Slot> {
        let fits = |slot: &Slot| slot.minimum() == minimum && slot.is_of(owner);
        if let Some(slot) = self.free_slots.home().take(fits) {
            return Ok(slot);
        }
        if let Some(slot) = self.free_slots.home().take_oldest(FREE_EACH_THREAD) {
            return self.shared.transfer(slot, minimum, owner);
        }
        if let Some(index) = self.shared.indices.take() {
            return self.shared.create(index, minimum, owner);
        }
        if let Some(slot) = self.free_slots.steal(fits) {
            return Ok(slot);
        }
        let stolen = self.free_slots.steal(|_| true).ok_or_else(no_slot_left)?;
        self.shared.transfer(stolen, minimum, owner)
    }
}

impl SharedMemories {
    fn transfer(&self, mut slot: Slot, minimum: usize, owner: Option<Owner>) -> io::Result<Slot> {
        if slot.minimum() != minimum || self.discard == DiscardMode::Remap {
            return self.create(slot.index(), minimum, owner);
        }
        match slot.transfer(owner) {
            Ok(()) => Ok(slot),
            Err(error) => {
                self.indices.put(slot.index());
                Err(error)
            }
        }
    }

    fn verify(&self, slot: &Slot) {
        match slot.first_nonzero(&self.pagemap) {
            Ok(None) => {}
            Ok(Some(at)) => {
                let name = slot.owner().and_then(Owner::name);
                let name = name.as_deref().unwrap_or("?");
                verify::abort(name, format_args!("its memory is not zero at {at:#x}"));
            }
            Err(error) => tracing::warn!("cannot verify a memory after its reset: {error}"),
        }
    }

    fn create(&self, index: usize, minimum: usize, owner: Option<Owner>) -> io::Result<Slot> {
        let offset = GUARD + index * (RESERVATION + GUARD);
        let region = self.space.region(offset, RESERVATION + GUARD);
        let region = region.ok_or(io::ErrorKind::OutOfMemory)?;
        Slot::new(index, region, minimum, owner).inspect_err(|_| self.indices.put(index))
    }
}

/// An invocation with a permit never meets this error, unless functions have several memories.
fn no_slot_left() -> io::Error {
    io::Error::new(io::ErrorKind::OutOfMemory, super::FULL)
}

// SAFETY: each memory has its slot to itself. A slot has the reservation and the guard that
// `pool::configure` sets for wasmtime. A memory never moves, and is zeroed at first.
unsafe impl MemoryCreator for MemoryPool {
    fn new_memory(
        &self,
        _type: MemoryType,
        minimum: usize,
        _maximum: Option<usize>,
        reserved: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        let fits = reserved.is_none_or(|reserved| reserved <= RESERVATION) && guard <= GUARD;
        if !fits || minimum > RESERVATION {
            return Err(format!(
                "a memory of {minimum} bytes exceeds the maximum of {RESERVATION}"
            ));
        }
        // Taken before the slot, because making a slot may cause faults.
        let since = FaultSnapshot::now();
        let accessible = minimum.next_multiple_of(self.shared.pagemap.page());
        let slot = self
            .slot(accessible, SlotScope::owner())
            .map_err(|error| format!("no memory slot for an instance: {error}"))?;
        memory_reset::report_memory(|| slot.memory_reset(&self.shared.pagemap));
        Ok(Box::new(Memory {
            slot: Some(slot),
            size: minimum,
            accessible,
            since,
            shard: Arc::clone(self.free_slots.home()),
        }))
    }
}

/// The memory of one instance.
struct Memory {
    /// Present until the memory is dropped.
    slot: Option<Slot>,
    size: usize,
    /// The size that may be accessible, in bytes: whole pages.
    accessible: usize,
    since: FaultSnapshot,
    /// Where the slot goes when the memory is dropped.
    shard: Arc<Shard<Slot, SharedMemories>>,
}

// SAFETY: as for `MemoryPool`.
unsafe impl LinearMemory for Memory {
    fn byte_size(&self) -> usize {
        self.size
    }

    fn byte_capacity(&self) -> usize {
        RESERVATION
    }

    fn grow_to(&mut self, size: usize) -> wasmtime::Result<()> {
        wasmtime::ensure!(
            size <= RESERVATION,
            "a memory of {size} bytes exceeds the maximum of {RESERVATION}"
        );
        let accessible = size.next_multiple_of(self.shard.shared.pagemap.page());
        if let (Some(slot), true) = (&self.slot, accessible > self.accessible) {
            // Set first, so that a reset also covers what a failed growth made accessible.
            let from = std::mem::replace(&mut self.accessible, accessible);
            slot.grow(from, accessible)?;
        }
        self.size = size;
        Ok(())
    }

    fn as_ptr(&self) -> *mut u8 {
        self.slot
            .as_ref()
            .map_or(std::ptr::null_mut(), Slot::pointer)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let Some(mut slot) = self.slot.take() else {
            return;
        };
        match slot.reset(self.accessible, self.since, &self.shard.shared.pagemap) {
            Ok(()) => {
                if verify::is_due(self.shard.shared.verify_every) {
                    self.shard.shared.verify(&slot);
                }
                self.shard.put(slot);
            }
            Err(error) => {
                tracing::warn!("cannot clear a memory; replacing its slot: {error}");
                self.shard.shared.indices.put(slot.index());
            }
        }
    }
}
