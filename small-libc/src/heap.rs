//! C's rules of a heap, over an allocator of Rust's.
//!
//! C frees a block without saying how large it is, so each block has a header in front:
//!
//! ```text
//! start of the allocation               block that C sees
//! ├ padding ─────────┬ size ─┬ offset ─┼ size - offset bytes ┤
//! └───────────── offset ───────────────┘
//! ```
#![expect(unsafe_code, reason = "C's heap is made of pointers")]

use std::alloc::{GlobalAlloc, Layout};
use std::ffi::c_void;
use std::ptr::NonNull;

/// A block as C sees it; `None` if the memory is used up, or cannot hold so much.
///
/// Not a `Result`, which is returned through memory: that adds half a kilobyte to a function.
pub(crate) type Block = Option<NonNull<c_void>>;

/// What `malloc` aligns to. No type of C or Rust needs more without saying so.
const ALIGN: usize = size_of::<Header>();

/// In front of every block: what it takes to free it.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
struct Header {
    /// The size, header and padding included.
    size: usize,
    /// From the start to the block. The alignment as well.
    offset: usize,
}

impl Header {
    fn layout(self) -> Layout {
        // SAFETY: it was made from such a layout.
        unsafe { Layout::from_size_align_unchecked(self.size, self.offset) }
    }
}

/// A heap whose blocks come from the allocator `A`.
#[derive(Debug)]
pub(crate) struct Heap<A>(A);

impl<A: GlobalAlloc> Heap<A> {
    pub(crate) const fn new(allocator: A) -> Self {
        Self(allocator)
    }

    /// `malloc`. No block is null, not even one of size zero.
    pub(crate) fn allocate(&self, size: usize) -> Block {
        self.allocate_aligned(ALIGN, size)
    }

    /// `calloc`.
    pub(crate) fn allocate_zeroed(&self, count: usize, size: usize) -> Block {
        let size = count.checked_mul(size)?;
        let block = self.allocate(size)?;
        // SAFETY: the block is at least so long.
        unsafe { block.write_bytes(0, size) };
        Some(block)
    }

    /// `aligned_alloc`, for an alignment that is a power of two.
    pub(crate) fn allocate_aligned(&self, align: usize, size: usize) -> Block {
        let offset = align.max(ALIGN);
        let layout = Layout::from_size_align(size.checked_add(offset)?, offset).ok()?;
        // SAFETY: the size is not zero.
        let start = unsafe { self.0.alloc(layout) };
        finish(start, layout.size(), offset)
    }

    /// `realloc`. Without a new block, the old one is as it was.
    ///
    /// # Safety
    ///
    /// `block` is null, or a block of this heap that was not freed.
    pub(crate) unsafe fn reallocate(&self, block: *mut c_void, size: usize) -> Block {
        if block.is_null() {
            return self.allocate(size);
        }
        // SAFETY: the caller's promise.
        let header = unsafe { header(block).read() };
        let new = size.checked_add(header.offset)?;
        Layout::from_size_align(new, header.offset).ok()?;
        // SAFETY: so it was allocated, and the new size is neither zero nor too large.
        let start = unsafe {
            let start = block.cast::<u8>().sub(header.offset);
            self.0.realloc(start, header.layout(), new)
        };
        finish(start, new, header.offset)
    }

    /// `free`.
    ///
    /// # Safety
    ///
    /// `block` is null, or a block of this heap that was not freed.
    pub(crate) unsafe fn release(&self, block: *mut c_void) {
        if !block.is_null() {
            // SAFETY: the caller's promise.
            unsafe {
                let header = header(block).read();
                let start = block.cast::<u8>().sub(header.offset);
                self.0.dealloc(start, header.layout());
            }
        }
    }
}

/// `malloc_usable_size`.
///
/// # Safety
///
/// `block` is null, or a block of a heap that was not freed.
pub(crate) unsafe fn usable_size(block: *mut c_void) -> usize {
    if block.is_null() {
        return 0;
    }
    // SAFETY: the caller's promise.
    let header = unsafe { header(block).read() };
    header.size - header.offset
}

/// # Safety
///
/// `block` is a block of a heap that was not freed.
unsafe fn header(block: *mut c_void) -> *mut Header {
    // SAFETY: it stands in front of the block.
    unsafe { block.cast::<Header>().sub(1) }
}

/// Writes the header of a block that begins at `start`.
fn finish(start: *mut u8, size: usize, offset: usize) -> Block {
    let start = NonNull::new(start)?;
    // SAFETY: there is room for a header in front of the block, and its alignment is at least that of one.
    unsafe {
        let block = start.add(offset).cast::<c_void>();
        header(block.as_ptr()).write(Header { size, offset });
        Some(block)
    }
}

#[cfg(test)]
mod tests {
    use std::alloc::System;
    use std::slice;

    use super::*;

    const HEAP: Heap<System> = Heap::new(System);

    /// The block's bytes.
    fn bytes<'a>(block: *mut c_void) -> &'a mut [u8] {
        // SAFETY: the tests look at blocks that they wrote, and before they free them.
        unsafe { slice::from_raw_parts_mut(block.cast(), usable_size(block)) }
    }

    fn release(block: *mut c_void) {
        // SAFETY: each test frees a block once.
        unsafe { HEAP.release(block) };
    }

    fn reallocate(block: *mut c_void, size: usize) -> Option<*mut c_void> {
        // SAFETY: each test goes on with the new block.
        unsafe { HEAP.reallocate(block, size) }.map(NonNull::as_ptr)
    }

    /// Blocks have the size and the alignment that was asked for, and no two overlap.
    #[test]
    fn blocks_are_aligned_and_apart() {
        let mut blocks = Vec::new();
        for align in [1, 2, 8, 16, 64, 4096] {
            for size in [0, 1, 7, 8, 100, 70_000] {
                let block = HEAP.allocate_aligned(align, size).unwrap().as_ptr();
                assert!(block.addr().is_multiple_of(align.max(ALIGN)));
                // SAFETY: the block was just made.
                assert_eq!(unsafe { usable_size(block) }, size);
                let mark = u8::try_from(blocks.len()).unwrap();
                // SAFETY: the block is so long.
                unsafe { block.write_bytes(mark, size) };
                blocks.push(block);
            }
        }
        for (mark, block) in blocks.into_iter().enumerate() {
            assert!(bytes(block).iter().all(|byte| usize::from(*byte) == mark));
            release(block);
        }
    }

    /// A block keeps its contents and its alignment as it grows and shrinks.
    #[test]
    fn reallocated_blocks_keep_their_contents() {
        for align in [8, 256] {
            let mut block = HEAP.allocate_aligned(align, 3).unwrap().as_ptr();
            bytes(block).copy_from_slice(b"abc");
            for size in [100_000, 5, 3] {
                block = reallocate(block, size).unwrap();
                assert!(block.addr().is_multiple_of(align));
                assert_eq!(bytes(block).len(), size);
                assert_eq!(bytes(block)[..3], *b"abc");
            }
            release(reallocate(block, 0).unwrap());
        }
    }

    /// Null is not a block: `free` ignores it, its size is 0, and `realloc` allocates.
    #[test]
    fn null_is_no_block() {
        let null = std::ptr::null_mut();
        release(null);
        // SAFETY: null may be asked for.
        assert_eq!(unsafe { usable_size(null) }, 0);
        let block = reallocate(null, 4).unwrap();
        // SAFETY: the block is so long.
        unsafe { block.write_bytes(1, 4) };
        assert_eq!(*bytes(block), [1; 4]);
        release(block);
    }

    /// `calloc` clears memory that was used before, and its product may be zero.
    #[test]
    fn zeroed_blocks_are_zero() {
        let used = HEAP.allocate(1000).unwrap().as_ptr();
        // SAFETY: the block is so long.
        unsafe { used.write_bytes(0xff, 1000) };
        release(used);
        let block = HEAP.allocate_zeroed(10, 100).unwrap().as_ptr();
        assert_eq!(*bytes(block), [0; 1000]);
        release(block);
        release(HEAP.allocate_zeroed(0, 100).unwrap().as_ptr());
    }

    /// Sizes that nothing can hold give no block, and the block that was to grow is as it was.
    #[test]
    fn impossible_sizes_give_no_block() {
        let most = isize::MAX.unsigned_abs();
        for size in [usize::MAX, usize::MAX - ALIGN, most, most - ALIGN + 1] {
            assert_eq!(HEAP.allocate(size), None, "{size}");
            assert_eq!(HEAP.allocate_aligned(64, size), None);
        }
        let product = HEAP.allocate_zeroed(usize::MAX / 2, 3);
        assert_eq!(product, None);

        let block = HEAP.allocate_zeroed(1, 3).unwrap().as_ptr();
        for size in [usize::MAX, most, most - ALIGN + 1] {
            assert_eq!(reallocate(block, size), None, "{size}");
        }
        assert_eq!(*bytes(block), [0; 3]);
        release(block);
    }
}
