#![expect(unsafe_code, reason = "clears memory that a function has written to")]

use std::io;
use std::ops::Range;

use super::address_space::Region;
use super::pagemap::Pagemap;
use super::seeded_bugs::{self, Bug};

/// How much of a memory stays mapped from one invocation to the next, in bytes. What a function
/// wrote to beyond that is given back to the kernel, and costs a page fault each time.
pub(super) const KEEP_RESIDENT: usize = 256 * 1024;

/// Where something may be mapped in the open part of a stretch, as offsets.
#[derive(Default)]
pub(super) struct ResidentPages {
    pub(super) parts: Vec<Range<usize>>,
}

impl ResidentPages {
    /// Finds out, up to as much as is kept, and returns how far that goes. Beyond, there may be more.
    pub(super) fn refresh(
        &mut self,
        region: &Region,
        size: usize,
        pagemap: &Pagemap,
    ) -> io::Result<usize> {
        let start = region.address(0);
        let found = pagemap.within(start..region.address(size), KEEP_RESIDENT)?;
        self.parts.clear();
        let parts = found.parts.into_iter();
        self.parts
            .extend(parts.map(|part| part.start - start..part.end - start));
        Ok(found.end - start)
    }

    /// Writes zeroes there.
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
            // SAFETY: the caller has promised it.
            unsafe { region.zero(part.clone()) };
        }
    }
}
