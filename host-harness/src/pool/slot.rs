#![expect(unsafe_code, reason = "clears memory that a function has written to")]

use std::io;
use std::sync::Arc;

use super::address_space::Region;
use super::contents;
use super::coverage::{self, Way};
use super::faults::FaultSnapshot;
use super::memory_reset::MemoryReset;
use super::owner::Owner;
use super::pagemap::Pagemap;
use super::resident_pages::ResidentPages;

/// What a memory has to grow to, beyond what it begins with, to be given huge pages, in bytes: there
/// is none that is shorter.
const HUGE: usize = 2 << 20;

/// A place for one memory after the other, all of which begin as large as each other.
pub(super) struct Slot {
    number: usize,
    region: Region,
    /// How much of it is open, in bytes; the rest is when a memory grows.
    minimum: usize,
    /// The function that has it, or had it last.
    owner: Option<Owner>,
    /// What may be mapped in the open part: while nobody has a memory here, nothing is mapped
    /// elsewhere, nor are there other contents than zeroes.
    mapped: ResidentPages,
}

impl Slot {
    /// Whatever was in the stretch before is gone.
    pub(super) fn new(
        number: usize,
        region: Region,
        minimum: usize,
        owner: Option<Owner>,
    ) -> io::Result<Self> {
        region.remap_inaccessible(0..region.length())?;
        region.make_accessible(0..minimum)?;
        // The kernel would put one where single pages are, without a fault: see `faults`.
        region.huge_pages(0..minimum, false)?;
        Ok(Self {
            number,
            region,
            minimum,
            owner,
            mapped: ResidentPages::default(),
        })
    }

    pub(super) fn number(&self) -> usize {
        self.number
    }

    pub(super) fn minimum(&self) -> usize {
        self.minimum
    }

    /// Whether a function had it last, so that it finds nothing in it that tells of another.
    pub(super) fn is_of(&self, owner: Option<Owner>) -> bool {
        owner.is_some() && self.owner == owner
    }

    /// Gives it to another function, with no page mapped.
    pub(super) fn hand_over(&mut self, owner: Option<Owner>) -> io::Result<()> {
        coverage::count(Way::SlotHandedOver);
        self.owner = owner;
        self.mapped = ResidentPages::default();
        self.region.decommit(0..self.minimum)
    }

    pub(super) fn pointer(&self) -> *mut u8 {
        self.region.pointer(0)
    }

    /// Opens more of it, for a memory that grows. If that fails, some of it may be open all the same.
    pub(super) fn grow(&self, from: usize, to: usize) -> io::Result<()> {
        self.region.make_accessible(from..to)?;
        if to - self.minimum >= HUGE {
            self.region.huge_pages(self.minimum..to, true)?;
        }
        Ok(())
    }

    /// Makes it as it was before there was a memory in it, which was made at `since` and had, or tried
    /// to, grown to `size` bytes.
    pub(super) fn reset(
        &mut self,
        size: usize,
        since: FaultSnapshot,
        pagemap: &Pagemap,
    ) -> io::Result<()> {
        if size > self.minimum {
            self.region.remap_inaccessible(self.minimum..size)?;
        }
        let known = since.no_faults_since();
        coverage::count(if known {
            Way::SlotClearedWithoutFaults
        } else {
            Way::SlotClearedAfterLook
        });
        if !known && self.refresh(pagemap).is_err() {
            self.mapped = ResidentPages::default();
            return self.region.decommit(0..self.minimum);
        }
        // SAFETY: it is within the open part, and the memory that was here is being dropped.
        unsafe { self.mapped.zero(&self.region) };
        Ok(())
    }

    /// Finds out what is mapped, and keeps that bounded.
    fn refresh(&mut self, pagemap: &Pagemap) -> io::Result<()> {
        let end = self.mapped.refresh(&self.region, self.minimum, pagemap)?;
        self.region.decommit(end..self.minimum)
    }

    /// Whose it is, as far as that is known.
    pub(super) fn owner(&self) -> Option<Owner> {
        self.owner
    }

    /// Where anything but zeroes is in it, which was just reset.
    pub(super) fn first_contents(&self, pagemap: &Pagemap) -> io::Result<Option<usize>> {
        // SAFETY: it is within the open part, and there is no memory here.
        unsafe { contents::first_difference(&self.region, self.minimum, &[], pagemap) }
    }

    /// For the memory that is in this place.
    pub(super) fn renewal(&self, pagemap: &Arc<Pagemap>) -> MemoryReset {
        MemoryReset::new(self.region.clone(), self.minimum, Arc::clone(pagemap))
    }
}
