#![expect(
    unsafe_code,
    reason = "the memory of functions lies outside Rust's allocator"
)]

use std::io;
use std::ops::Range;
use std::sync::Arc;

use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags};

use super::mapping_thread;

/// How much memory is freed at once, in bytes: two huge pages, some 0.3 ms.
const STEP: usize = 4 << 20;

/// A reserved range of addresses with nothing mapped. The last of its regions unmaps it.
pub(super) struct AddressSpace {
    start: usize,
    length: usize,
}

impl AddressSpace {
    pub(super) fn reserve(length: usize) -> io::Result<Arc<Self>> {
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: the kernel chooses the address, so nothing else is mapped there.
        let start = unsafe {
            rustix::mm::mmap_anonymous(std::ptr::null_mut(), length, ProtFlags::empty(), flags)?
        };
        let space = Arc::new(Self {
            start: start.expose_provenance(),
            length,
        });
        // A forked child that does not `exec` would otherwise read its parent's pages: see
        // `pagemap`.
        if let Some(all) = space.region(0, length) {
            all.advise(0..length, Advice::LinuxDontFork)?;
        }
        Ok(space)
    }

    /// A region of this space; `None` if it would reach beyond the end.
    ///
    /// Two regions may overlap and then name the same memory. The caller keeps them apart.
    pub(super) fn region(self: &Arc<Self>, offset: usize, length: usize) -> Option<Region> {
        let end = offset.checked_add(length)?;
        (end <= self.length).then(|| Region {
            start: self.start + offset,
            length,
            _space: Arc::clone(self),
        })
    }
}

impl Drop for AddressSpace {
    fn drop(&mut self) {
        // SAFETY: no region of this space is left, and nothing else refers to its addresses.
        let unmapped = unsafe {
            rustix::mm::munmap(
                std::ptr::with_exposed_provenance_mut(self.start),
                self.length,
            )
        };
        debug_assert!(unmapped.is_ok(), "{unmapped:?}");
    }
}

/// A part of an address space, for one memory or one stack.
#[derive(Clone)]
pub(super) struct Region {
    start: usize,
    length: usize,
    _space: Arc<AddressSpace>,
}

impl Region {
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// The address of the byte at this offset from the start.
    pub(super) fn address(&self, offset: usize) -> usize {
        debug_assert!(offset <= self.length, "{offset} of {}", self.length);
        self.start + offset
    }

    pub(super) fn pointer(&self, offset: usize) -> *mut u8 {
        std::ptr::with_exposed_provenance_mut(self.address(offset))
    }

    /// Makes a part readable and writable.
    ///
    /// On failure, some of the part may already be accessible.
    pub(super) fn make_accessible(&self, part: Range<usize>) -> io::Result<()> {
        self.change(move |region| {
            let Some(length) = region.within(&part) else {
                return Ok(());
            };
            let flags = MprotectFlags::READ | MprotectFlags::WRITE;
            // SAFETY: the part lies within this region, which holds none of Rust's objects.
            unsafe { rustix::mm::mprotect(region.pointer(part.start).cast(), length, flags)? };
            Ok(())
        })
    }

    /// Replaces a part that may have much memory, as [`remap_inaccessible`](Self::remap_inaccessible) does.
    pub(super) fn discard(&self, part: Range<usize>) -> io::Result<()> {
        self.change(move |region| {
            region.decommit_in_steps(part.clone());
            region.remap_inaccessible(part)
        })
    }

    /// Frees the memory of a part step by step. Replacing it while it has memory would free all of that under the
    /// lock of the whole map, which took 10 ms for 128 MiB; this takes the lock for readers, or none.
    fn decommit_in_steps(&self, part: Range<usize>) {
        let mut from = part.start;
        while part.end - from > STEP {
            // Steps end between huge pages, which would have to be split otherwise.
            let address = self.start + from;
            let to = from + STEP - address % STEP;
            // Then it is freed when the part is replaced.
            if self.decommit(from..to).is_err() {
                return;
            }
            from = to;
        }
    }

    /// Replaces whatever is mapped in a part by empty, inaccessible address space, as if just
    /// reserved.
    pub(super) fn remap_inaccessible(&self, part: Range<usize>) -> io::Result<()> {
        self.change(move |region| {
            let Some(length) = region.within(&part) else {
                return Ok(());
            };
            let flags = MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED;
            // SAFETY: the part lies within this region, which holds none of Rust's objects, and this
            // process may replace whatever is mapped there.
            unsafe {
                let start = region.pointer(part.start).cast();
                rustix::mm::mmap_anonymous(start, length, ProtFlags::empty(), flags)?;
            }
            region.advise(part, Advice::LinuxDontFork)
        })
    }

    /// Returns the memory of a part to the kernel. The part reads as zeroes afterwards.
    pub(super) fn decommit(&self, part: Range<usize>) -> io::Result<()> {
        self.advise(part, Advice::LinuxDontNeed)
    }

    /// Allows the kernel to use huge pages in a part, or forbids it.
    pub(super) fn huge_pages(&self, part: Range<usize>, wanted: bool) -> io::Result<()> {
        let advice = if wanted {
            Advice::LinuxHugepage
        } else {
            Advice::LinuxNoHugepage
        };
        match self.advise(part, advice) {
            // The kernel has no huge pages.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            advised => advised,
        }
    }

    fn advise(&self, part: Range<usize>, advice: Advice) -> io::Result<()> {
        self.change(move |region| {
            let Some(length) = region.within(&part) else {
                return Ok(());
            };
            // SAFETY: the part lies within this region, which holds none of Rust's objects, and nobody
            // still has a slice of it: see `zero`.
            unsafe { rustix::mm::madvise(region.pointer(part.start).cast(), length, advice)? };
            Ok(())
        })
    }

    /// Changes what is mapped here, on the thread that does so for this one.
    pub(super) fn change(
        &self,
        change: impl FnOnce(&Self) -> io::Result<()> + Send + 'static,
    ) -> io::Result<()> {
        mapping_thread::run(self, change)
    }

    /// Writes zeroes to a part.
    ///
    /// # Safety
    ///
    /// The part is accessible, and nobody else reads or writes it meanwhile.
    pub(super) unsafe fn zero(&self, part: Range<usize>) {
        let Some(length) = self.within(&part) else {
            return;
        };
        // SAFETY: the caller guarantees an accessible part that nobody else uses; `within` keeps it
        // in range.
        unsafe { self.pointer(part.start).write_bytes(0, length) };
    }

    /// The length of a part; `None` if the part is empty.
    fn within(&self, part: &Range<usize>) -> Option<usize> {
        debug_assert!(part.end <= self.length, "{part:?} of {}", self.length);
        let length = part.end.min(self.length).checked_sub(part.start)?;
        (length > 0).then_some(length)
    }
}
