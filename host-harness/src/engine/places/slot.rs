#![expect(unsafe_code, reason = "clears memory that a function has written to")]

use std::io;
use std::ops::Range;

use super::address_space::Stretch;
use super::faults::Since;
use super::written::Written;

/// How much of a memory stays mapped from one invocation to the next, in bytes. What a function
/// wrote to beyond that is given back to the kernel, and costs a page fault each time.
const KEPT: usize = 256 * 1024;

/// A place for one memory after the other, all of which begin as large as each other.
pub(super) struct Slot {
    stretch: Stretch,
    /// How much of it is open, in bytes; the rest is when a memory grows.
    minimum: usize,
    /// Where something may be mapped in the open part, as offsets: while nobody has a memory here,
    /// nothing is mapped elsewhere, nor are there other contents than zeroes.
    mapped: Vec<Range<usize>>,
}

impl Slot {
    /// Nothing was ever mapped to the stretch.
    pub(super) fn new(stretch: Stretch, minimum: usize) -> io::Result<Self> {
        stretch.open(0..minimum)?;
        // The kernel would put one where single pages are, without a fault: see `faults`.
        stretch.huge_pages(0..minimum, false)?;
        Ok(Self {
            stretch,
            minimum,
            mapped: Vec::new(),
        })
    }

    /// Makes it a place for memories that begin with another length.
    pub(super) fn remade(self, minimum: usize) -> io::Result<Self> {
        self.stretch.empty(0..self.minimum)?;
        self.stretch.close(0..self.minimum)?;
        self.stretch.huge_pages(0..self.minimum, true)?;
        Self::new(self.stretch, minimum)
    }

    pub(super) fn minimum(&self) -> usize {
        self.minimum
    }

    pub(super) fn pointer(&self) -> *mut u8 {
        self.stretch.pointer(0)
    }

    /// Opens more of it, for a memory that grows.
    pub(super) fn grow(&self, from: usize, to: usize) -> io::Result<()> {
        self.stretch.open(from..to)
    }

    /// Makes it as it was before there was a memory in it, which had grown to `size` bytes and was
    /// made at `since`.
    pub(super) fn reset(&mut self, size: usize, since: Since, written: &Written) -> io::Result<()> {
        if size > self.minimum {
            self.stretch.empty(self.minimum..size)?;
            self.stretch.close(self.minimum..size)?;
        }
        if !since.is_without_faults() && self.look(written).is_err() {
            self.mapped.clear();
            return self.stretch.empty(0..self.minimum);
        }
        for part in &self.mapped {
            // SAFETY: it is within the open part, and the memory that was here is being dropped.
            unsafe { self.stretch.zero(part.clone()) };
        }
        Ok(())
    }

    /// Finds out what is mapped, and keeps that bounded.
    fn look(&mut self, written: &Written) -> io::Result<()> {
        let all = self.stretch.address(0)..self.stretch.address(self.minimum);
        let start = all.start;
        let found = written.within(all, KEPT)?;
        self.mapped.clear();
        let parts = found.parts.into_iter();
        self.mapped
            .extend(parts.map(|part| part.start - start..part.end - start));
        self.stretch.empty(found.end - start..self.minimum)
    }
}
