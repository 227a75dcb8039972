#![expect(unsafe_code, reason = "clears the memory of functions")]

use std::io;

use super::address_space::Region;
use super::contents;
use super::coverage::{self, Point};
use super::faults::FaultSnapshot;
use super::memory_reset::MemoryReset;
use super::owner::Owner;
use super::pagemap::Pagemap;
use super::resident_pages::ResidentPages;

/// The growth from which a memory gets huge pages, in bytes: the size of one.
const HUGE_PAGE: usize = 2 << 20;

/// A slot for one memory after another, all with the same initial size.
pub(super) struct Slot {
    index: usize,
    region: Region,
    /// How much of it is accessible, in bytes. More becomes accessible when a memory grows.
    minimum: usize,
    /// The function that uses the slot, or used it last.
    owner: Option<Owner>,
    /// What may be mapped in the accessible part. While no memory uses the slot, nothing else is
    /// mapped, and everything reads as zero.
    resident: ResidentPages,
}

impl Slot {
    /// Discards whatever was in the region before.
    pub(super) fn new(
        index: usize,
        region: Region,
        minimum: usize,
        owner: Option<Owner>,
    ) -> io::Result<Self> {
        region.change(move |region| {
            region.remap_inaccessible(0..region.length())?;
            region.make_accessible(0..minimum)?;
            // The kernel would replace single pages by a huge one, without a fault: see `faults`.
            region.huge_pages(0..minimum, false)
        })?;
        Ok(Self {
            index,
            region,
            minimum,
            owner,
            resident: ResidentPages::default(),
        })
    }

    pub(super) fn index(&self) -> usize {
        self.index
    }

    pub(super) fn minimum(&self) -> usize {
        self.minimum
    }

    /// Whether this function used the slot last, so that the slot reveals nothing about another.
    pub(super) fn is_of(&self, owner: Option<Owner>) -> bool {
        owner.is_some() && self.owner == owner
    }

    /// Gives the slot to another function, with no page mapped.
    pub(super) fn transfer(&mut self, owner: Option<Owner>) -> io::Result<()> {
        coverage::count(Point::SlotTransferred);
        self.owner = owner;
        self.resident = ResidentPages::default();
        self.region.decommit(0..self.minimum)
    }

    pub(super) fn pointer(&self) -> *mut u8 {
        self.region.pointer(0)
    }

    /// Makes more of it accessible, for a growing memory. On failure, some of that may be
    /// accessible.
    pub(super) fn grow(&self, from: usize, to: usize) -> io::Result<()> {
        let minimum = self.minimum;
        self.region.change(move |region| {
            region.make_accessible(from..to)?;
            if to - minimum >= HUGE_PAGE {
                region.huge_pages(minimum..to, true)?;
            }
            Ok(())
        })
    }

    /// Clears the slot after a memory that was created at `since` and grew, or tried to grow, to
    /// `size` bytes.
    pub(super) fn reset(
        &mut self,
        size: usize,
        since: FaultSnapshot,
        pagemap: &Pagemap,
    ) -> io::Result<()> {
        if size > self.minimum {
            self.region.discard(self.minimum..size)?;
        }
        let known = since.no_faults_since();
        coverage::count(if known {
            Point::SlotClearedWithoutFaults
        } else {
            Point::SlotClearedAfterRefresh
        });
        if !known && self.refresh(pagemap).is_err() {
            self.resident = ResidentPages::default();
            return self.region.decommit(0..self.minimum);
        }
        // SAFETY: the resident pages lie within the accessible part, and the memory in this slot is
        // being dropped.
        unsafe { self.resident.zero(&self.region) };
        Ok(())
    }

    /// Asks the kernel what is mapped, and returns pages beyond the limit.
    fn refresh(&mut self, pagemap: &Pagemap) -> io::Result<()> {
        let end = self.resident.refresh(&self.region, self.minimum, pagemap)?;
        self.region.decommit(end..self.minimum)
    }

    /// The function that uses the slot, or used it last, if known.
    pub(super) fn owner(&self) -> Option<Owner> {
        self.owner
    }

    /// The first offset that is not zero, after a reset.
    pub(super) fn first_nonzero(&self, pagemap: &Pagemap) -> io::Result<Option<usize>> {
        // SAFETY: the range is the accessible part, and no memory uses the slot.
        unsafe { contents::first_difference(&self.region, self.minimum, &[], pagemap) }
    }

    /// Access to the memory in this slot, for its reset.
    pub(super) fn memory_reset(&self, pagemap: &Pagemap) -> MemoryReset {
        MemoryReset::new(self.region.clone(), self.minimum, pagemap.clone())
    }
}
