#![expect(unsafe_code, reason = "clears the memory of functions")]

use std::io;
use std::ops::Range;

use super::address_space::Region;
use super::pagemap::Pagemap;
use super::seeded_bugs::{self, Bug};

/// How much of a memory stays mapped between invocations, in bytes. Pages beyond this go back to
/// the kernel, and cost a page fault each time.
pub(super) const KEEP_RESIDENT: usize = 256 * 1024;

/// Offsets in the accessible part of a region where something may be mapped.
#[derive(Default)]
pub(super) struct ResidentPages {
    pub(super) parts: Vec<Range<usize>>,
}

impl ResidentPages {
    /// Asks the kernel what is mapped, up to [`KEEP_RESIDENT`] bytes. Returns the end of the
    /// search; there may be more beyond.
    pub(super) fn refresh(
        &mut self,
        region: &Region,
        size: usize,
        pagemap: &Pagemap,
    ) -> io::Result<usize> {
        let start = region.address(0);
        let found = pagemap.find_written(start..region.address(size), KEEP_RESIDENT)?;
        self.parts.clear();
        let parts = found.parts.into_iter();
        self.parts
            .extend(parts.map(|part| part.start - start..part.end - start));
        Ok(found.end - start)
    }

    /// Writes zeroes to all of these pages.
    ///
    /// # Safety
    ///
    /// As for [`Region::zero`].
    pub(super) unsafe fn zero(&self, region: &Region) {
        let cleared = match seeded_bugs::is_on(Bug::PartsLeft) {
            true => 8,
            false => usize::MAX,
        };
        for part in self.parts.iter().take(cleared) {
            // SAFETY: the caller guarantees accessible parts that nobody else uses.
            unsafe { region.zero(part.clone()) };
        }
    }
}
