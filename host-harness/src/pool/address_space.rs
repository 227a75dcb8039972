#![expect(
    unsafe_code,
    reason = "memory of functions is outside of what Rust's allocator knows"
)]

use std::io;
use std::ops::Range;
use std::sync::Arc;

use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags};

/// Address space that nothing is mapped to. It is given back with the last of its stretches.
pub(super) struct AddressSpace {
    start: usize,
    length: usize,
}

impl AddressSpace {
    pub(super) fn reserve(length: usize) -> io::Result<Arc<Self>> {
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: the kernel chooses where, so that nothing is there yet.
        let start = unsafe {
            rustix::mm::mmap_anonymous(std::ptr::null_mut(), length, ProtFlags::empty(), flags)?
        };
        let space = Arc::new(Self {
            start: start.expose_provenance(),
            length,
        });
        // A child that goes on without `exec` would ask about its parent's pages: see `pagemap`.
        if let Some(all) = space.region(0, length) {
            all.advise(0..length, Advice::LinuxDontFork)?;
        }
        Ok(space)
    }

    /// A part of it, from an offset on; none where it would not be within.
    ///
    /// Two of the same part are two names of the same memory: whoever cuts it up keeps them apart.
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
        // SAFETY: no stretch of it is left, and those are all that anybody has of it.
        let unmapped = unsafe {
            rustix::mm::munmap(
                std::ptr::with_exposed_provenance_mut(self.start),
                self.length,
            )
        };
        debug_assert!(unmapped.is_ok(), "{unmapped:?}");
    }
}

/// A part of the address space, for one memory or one stack.
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

    /// Where a part of it is, in bytes from its start.
    pub(super) fn address(&self, offset: usize) -> usize {
        debug_assert!(offset <= self.length, "{offset} of {}", self.length);
        self.start + offset
    }

    pub(super) fn pointer(&self, offset: usize) -> *mut u8 {
        std::ptr::with_exposed_provenance_mut(self.address(offset))
    }

    /// Lets it be read and written.
    ///
    /// If that fails, some of it may be open.
    pub(super) fn make_accessible(&self, part: Range<usize>) -> io::Result<()> {
        let Some(length) = self.within(&part) else {
            return Ok(());
        };
        let flags = MprotectFlags::READ | MprotectFlags::WRITE;
        // SAFETY: the part is within what this stretch was given, which holds nothing of Rust's.
        unsafe { rustix::mm::mprotect(self.pointer(part.start).cast(), length, flags)? };
        Ok(())
    }

    /// Makes a part as it was when it was reserved, whatever was done with it: empty and closed.
    pub(super) fn remap_inaccessible(&self, part: Range<usize>) -> io::Result<()> {
        let Some(length) = self.within(&part) else {
            return Ok(());
        };
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED;
        // SAFETY: the part is within what this stretch was given, which holds nothing of Rust's, and
        // what is mapped there is this process's to replace.
        unsafe {
            let start = self.pointer(part.start).cast();
            rustix::mm::mmap_anonymous(start, length, ProtFlags::empty(), flags)?;
        }
        self.advise(part, Advice::LinuxDontFork)
    }

    /// Gives the memory of a part back to the kernel: it reads as zero afterwards.
    pub(super) fn decommit(&self, part: Range<usize>) -> io::Result<()> {
        self.advise(part, Advice::LinuxDontNeed)
    }

    /// Whether the kernel may use huge pages here, and does.
    pub(super) fn huge_pages(&self, part: Range<usize>, wanted: bool) -> io::Result<()> {
        let advice = if wanted {
            Advice::LinuxHugepage
        } else {
            Advice::LinuxNoHugepage
        };
        match self.advise(part, advice) {
            // A kernel that has none.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            advised => advised,
        }
    }

    fn advise(&self, part: Range<usize>, advice: Advice) -> io::Result<()> {
        let Some(length) = self.within(&part) else {
            return Ok(());
        };
        // SAFETY: the part is within what this stretch was given, which holds nothing of Rust's;
        // who has a slice of it is gone: see `zero`.
        unsafe { rustix::mm::madvise(self.pointer(part.start).cast(), length, advice)? };
        Ok(())
    }

    /// Writes zeroes.
    ///
    /// # Safety
    ///
    /// The part is open, and nobody else reads or writes it meanwhile.
    pub(super) unsafe fn zero(&self, part: Range<usize>) {
        let Some(length) = self.within(&part) else {
            return;
        };
        // SAFETY: the caller has promised it.
        unsafe { self.pointer(part.start).write_bytes(0, length) };
    }

    /// How long a part is; none where there is nothing to do.
    fn within(&self, part: &Range<usize>) -> Option<usize> {
        debug_assert!(part.end <= self.length, "{part:?} of {}", self.length);
        let length = part.end.min(self.length).checked_sub(part.start)?;
        (length > 0).then_some(length)
    }
}
