#![expect(unsafe_code, reason = "wasmtime's traits for memories are unsafe")]

use std::io;
use std::sync::Arc;

use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

use super::Handover;
use super::address_space::AddressSpace;
use super::faults::{self, FaultSnapshot};
use super::memory_reset;
use super::owner::Owner;
use super::pagemap::Pagemap;
use super::poll_scope::PollScope;
use super::sharded_free_list::{Shard, ShardedFreeList};
use super::slot::Slot;
use super::slot_indices::SlotIndices;
use super::verify;

/// What a memory can grow to, in bytes: all that 32 bits can address, so that compiled code need
/// check no bounds.
pub(super) const RESERVATION: usize = 4 << 30;

/// What lies beyond, in bytes, and is never mapped: an offset that is in an instruction is added to
/// what 32 bits address.
pub(super) const GUARD: usize = 32 << 20;

/// How many free slots one thread keeps for their functions before another function gets the one that
/// was not used for longest, rather than a slot that was never used.
const FREE_EACH_THREAD: usize = 64;

/// The memories of all functions of one engine.
pub(super) struct MemoryPool {
    free_slots: ShardedFreeList<Slot, Common>,
    common: Arc<Common>,
}

struct Common {
    space: Arc<AddressSpace>,
    /// Of slots that are not made.
    indices: SlotIndices,
    pagemap: Arc<Pagemap>,
    /// One of so many that are reset is verified.
    verify_every: u32,
    handover: Handover,
}

impl MemoryPool {
    pub(super) fn new(
        places: usize,
        pagemap: Pagemap,
        verify_every: u32,
        handover: Handover,
    ) -> io::Result<Self> {
        // A guard before the first as well.
        let length = (RESERVATION + GUARD)
            .checked_mul(places)
            .and_then(|length| length.checked_add(GUARD))
            .ok_or(io::ErrorKind::OutOfMemory)?;
        let common = Arc::new(Common {
            space: AddressSpace::reserve(length)?,
            indices: SlotIndices::new(places),
            pagemap: Arc::new(pagemap),
            verify_every,
            handover,
        });
        Ok(Self {
            free_slots: ShardedFreeList::new(&common),
            common,
        })
    }

    /// Tries out whether the kernel counts faults and finds pages: not all that call themselves Linux do.
    pub(super) fn self_test(&self) -> io::Result<()> {
        let pagemap = &self.common.pagemap;
        let page = pagemap.page();
        let space = AddressSpace::reserve(2 * page)?;
        let memory = space
            .region(0, 2 * page)
            .ok_or(io::ErrorKind::InvalidInput)?;
        memory.make_accessible(0..2 * page)?;
        memory.huge_pages(0..2 * page, false)?;
        let before = faults::count();
        // SAFETY: it was just opened, and is nobody else's.
        unsafe { memory.zero(page..page + 1) };
        let counted = before.is_some() && faults::count() > before;
        let found = pagemap.within(memory.address(0)..memory.address(2 * page), 2 * page)?;
        let right = memory.address(page)..memory.address(2 * page);
        // Memory that is locked cannot be given back.
        memory.decommit(0..2 * page)?;
        let after = pagemap.within(memory.address(0)..memory.address(2 * page), 2 * page)?;
        if counted && found.parts == [right] && after.parts.is_empty() {
            Ok(())
        } else {
            let problem = "the kernel does not say which pages were written to";
            Err(io::Error::new(io::ErrorKind::Unsupported, problem))
        }
    }

    /// One that the function had before if there is one; or else one that tells nothing of who had it.
    fn slot(&self, minimum: usize, owner: Option<Owner>) -> io::Result<Slot> {
        let fits = |slot: &Slot| slot.minimum() == minimum && slot.is_of(owner);
        if let Some(slot) = self.free_slots.home().take(fits) {
            return Ok(slot);
        }
        if let Some(slot) = self.free_slots.home().take_oldest(FREE_EACH_THREAD) {
            return self.common.hand_over(slot, minimum, owner);
        }
        if let Some(number) = self.common.indices.take() {
            return self.common.make(number, minimum, owner);
        }
        if let Some(slot) = self.free_slots.steal(fits) {
            return Ok(slot);
        }
        let other = self.free_slots.steal(|_| true).ok_or_else(none_left)?;
        self.common.hand_over(other, minimum, owner)
    }
}

impl Common {
    fn hand_over(&self, mut slot: Slot, minimum: usize, owner: Option<Owner>) -> io::Result<Slot> {
        if slot.minimum() != minimum || self.handover == Handover::Unmapped {
            return self.make(slot.number(), minimum, owner);
        }
        match slot.hand_over(owner) {
            Ok(()) => Ok(slot),
            Err(error) => {
                self.indices.put(slot.number());
                Err(error)
            }
        }
    }

    fn verify(&self, slot: &Slot) {
        match slot.first_contents(&self.pagemap) {
            Ok(None) => {}
            Ok(Some(at)) => {
                let name = slot.owner().and_then(Owner::name);
                let name = name.as_deref().unwrap_or("?");
                verify::abort(name, format_args!("its memory is not empty at {at:#x}"));
            }
            Err(error) => tracing::warn!("a memory that was reset cannot be verified: {error}"),
        }
    }

    fn make(&self, number: usize, minimum: usize, owner: Option<Owner>) -> io::Result<Slot> {
        let offset = GUARD + number * (RESERVATION + GUARD);
        let region = self.space.region(offset, RESERVATION + GUARD);
        let region = region.ok_or(io::ErrorKind::OutOfMemory)?;
        Slot::new(number, region, minimum, owner).inspect_err(|_| self.indices.put(number))
    }
}

/// What an invocation does not meet that has its permit, unless functions have several memories.
fn none_left() -> io::Error {
    io::Error::new(io::ErrorKind::OutOfMemory, super::FULL)
}

// SAFETY: a memory is of a slot that nobody else has, with the reservation and the guard that wasmtime
// was told of in `places::offer`; it never moves, and begins as zeroes.
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
            return Err(format!("a memory of {minimum} bytes is too large"));
        }
        // Made before the slot is taken, which may have faults.
        let since = FaultSnapshot::now();
        let open = minimum.next_multiple_of(self.common.pagemap.page());
        let slot = self
            .slot(open, PollScope::owner())
            .map_err(|error| format!("no memory for an instance: {error}"))?;
        memory_reset::report_memory(|| slot.renewal(&self.common.pagemap));
        Ok(Box::new(Memory {
            slot: Some(slot),
            size: minimum,
            open,
            since,
            shard: Arc::clone(self.free_slots.home()),
        }))
    }
}

/// The memory of one instance.
struct Memory {
    /// There until it is dropped.
    slot: Option<Slot>,
    size: usize,
    /// How much may be open, in bytes: whole pages.
    open: usize,
    since: FaultSnapshot,
    /// Where the slot goes afterwards.
    shard: Arc<Shard<Slot, Common>>,
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
            "no memory has more than {RESERVATION} bytes"
        );
        let open = size.next_multiple_of(self.shard.common.pagemap.page());
        if let (Some(slot), true) = (&self.slot, open > self.open) {
            // First, so that what a growth opened that failed half-way is closed again.
            let from = std::mem::replace(&mut self.open, open);
            slot.grow(from, open)?;
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
        match slot.reset(self.open, self.since, &self.shard.common.pagemap) {
            Ok(()) => {
                if verify::is_due(self.shard.common.verify_every) {
                    self.shard.common.verify(&slot);
                }
                self.shard.put(slot);
            }
            Err(error) => {
                tracing::warn!("a memory cannot be cleared, and is made anew: {error}");
                self.shard.common.indices.put(slot.number());
            }
        }
    }
}
