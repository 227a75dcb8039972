#![expect(unsafe_code, reason = "clears memory that a function has written to")]

use std::io;
use std::ops::Range;

use super::address_space::Stretch;
use super::faults::Since;
use super::written::Written;

/// How much of a memory stays mapped from one invocation to the next, in bytes. What a function
/// wrote to beyond that is given back to the kernel, and costs a page fault each time.
const KEPT: usize = 256 * 1024;

/// What a memory has to grow to, beyond what it begins with, to be given huge pages, in bytes: there
/// is none that is shorter.
const HUGE: usize = 2 << 20;

/// A place for one memory after the other, all of which begin as large as each other.
pub(super) struct Slot {
    number: usize,
    stretch: Stretch,
    /// How much of it is open, in bytes; the rest is when a memory grows.
    minimum: usize,
    /// Where something may be mapped in the open part, as offsets: while nobody has a memory here,
    /// nothing is mapped elsewhere, nor are there other contents than zeroes.
    mapped: Vec<Range<usize>>,
}

impl Slot {
    /// Whatever was in the stretch before is gone.
    pub(super) fn new(number: usize, stretch: Stretch, minimum: usize) -> io::Result<Self> {
        stretch.renew(0..stretch.length())?;
        stretch.open(0..minimum)?;
        // The kernel would put one where single pages are, without a fault: see `faults`.
        stretch.huge_pages(0..minimum, false)?;
        Ok(Self {
            number,
            stretch,
            minimum,
            mapped: Vec::new(),
        })
    }

    pub(super) fn number(&self) -> usize {
        self.number
    }

    pub(super) fn minimum(&self) -> usize {
        self.minimum
    }

    pub(super) fn pointer(&self) -> *mut u8 {
        self.stretch.pointer(0)
    }

    /// Opens more of it, for a memory that grows. If that fails, some of it may be open all the same.
    pub(super) fn grow(&self, from: usize, to: usize) -> io::Result<()> {
        self.stretch.open(from..to)?;
        if to - self.minimum >= HUGE {
            self.stretch.huge_pages(self.minimum..to, true)?;
        }
        Ok(())
    }

    /// Makes it as it was before there was a memory in it, which was made at `since` and had, or tried
    /// to, grown to `size` bytes.
    pub(super) fn reset(&mut self, size: usize, since: Since, written: &Written) -> io::Result<()> {
        if size > self.minimum {
            self.stretch.renew(self.minimum..size)?;
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
