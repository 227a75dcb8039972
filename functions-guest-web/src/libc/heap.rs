//! `malloc` and its kin, over the allocator talc: a tenth of the size of wasi-libc's dlmalloc, which
//! is more than a third of a small function.
//!
//! C's functions rather than a `#[global_allocator]`: std's own allocator, the component model's
//! `cabi_realloc` and any C code all end here, so there is one heap, and a function may still bring
//! an allocator of its own.

use std::alloc::{GlobalAlloc as _, Layout};
use std::cell::UnsafeCell;
use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};

use talc::base::Talc;
use talc::base::binning::Binning;
use talc::cell::TalcSyncCell;
use talc::source::Source;
use talc::wasm::WasmBinning;

/// `ENOMEM` and `EINVAL`, in wasi-libc's numbers.
const OUT_OF_MEMORY: c_int = 48;
const INVALID: c_int = 28;

/// What `malloc` aligns to. No type of C or Rust needs more without saying so.
const ALIGN: usize = 8;

/// WebAssembly's unit of memory, in bytes.
const PAGE: usize = 64 * 1024;

/// How much of an instance's first memory is heap, in bytes, whatever the linker leaves: a request whose
/// body fits in need not wait for memory to grow, which costs the host several microseconds, and as
/// many again to undo. Pages that are never written cost nothing.
const FIRST: usize = 256 * 1024;

static HEAP: TalcSyncCell<Memory, WasmBinning> = TalcSyncCell::new_wasm(Memory {
    stage: Stage::Nothing,
    end: None,
});

/// Stands before the rest of the memory that the linker leaves free: nothing but a place.
#[repr(align(16))]
struct First(UnsafeCell<[MaybeUninit<u8>; FIRST]>);

// SAFETY: a function has one thread.
unsafe impl Sync for First {}

static FIRST_HEAP: First = First(UnsafeCell::new([MaybeUninit::uninit(); FIRST]));

/// The memory that the linker left free, and then what the instance is given as it grows.
#[derive(Debug)]
struct Memory {
    stage: Stage,
    /// Where the part of it ends that grows, once there is one.
    end: Option<NonNull<u8>>,
}

/// What the heap has so far.
#[derive(Debug)]
enum Stage {
    Nothing,
    /// The first heap.
    First,
    /// That, what the linker left behind it, and whatever the memory grew by.
    All,
}

unsafe extern "C" {
    /// Where the linker's data ends. Only its address means something.
    static mut __heap_base: u8;
}

// SAFETY: it does not allocate.
unsafe impl Source for Memory {
    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
        // One after the other: what is claimed is written to, and a page that nobody writes to costs
        // nothing.
        match talc.source.stage {
            Stage::Nothing => {
                talc.source.stage = Stage::First;
                // SAFETY: nobody else uses it.
                unsafe { talc.claim(FIRST_HEAP.0.get().cast(), FIRST) };
                Ok(())
            }
            Stage::First => {
                talc.source.stage = Stage::All;
                let base = &raw mut __heap_base;
                let free = core::arch::wasm32::memory_size::<0>() * PAGE - base.addr();
                // SAFETY: from the base to the memory's end nothing is anybody's. Nothing comes of it
                // where the linker left too little.
                talc.source.end = unsafe { talc.claim(base, free) };
                Ok(())
            }
            Stage::All => grow(talc, layout),
        }
    }
}

fn grow<B: Binning>(talc: &mut Talc<Memory, B>, layout: Layout) -> Result<(), ()> {
    // The allocator's own bookkeeping comes on top.
    let wanted = layout.size() + layout.align() + 1024;
    let pages = wanted.div_ceil(PAGE);
    let old = core::arch::wasm32::memory_grow::<0>(pages);
    if old == usize::MAX {
        return Err(());
    }
    let start = ptr::with_exposed_provenance_mut::<u8>(old * PAGE);
    // SAFETY: memory that has just been made is nobody's; only this heap grows the memory.
    talc.source.end = unsafe {
        match talc.source.end {
            Some(end) => Some(talc.extend(end, start.wrapping_add(pages * PAGE))),
            None => talc.claim(start, pages * PAGE),
        }
    };
    Ok(())
}

/// In front of every block: what it takes to free it.
#[repr(C)]
struct Header {
    /// The size, header and padding included.
    size: usize,
    /// From the start to the block. The alignment as well.
    offset: usize,
}

impl Header {
    fn layout(&self) -> Layout {
        // SAFETY: it was made from such a layout.
        unsafe { Layout::from_size_align_unchecked(self.size, self.offset) }
    }
}

/// # Safety
///
/// `block` is one that `allocate` returned and that was not freed.
unsafe fn header(block: *mut c_void) -> *mut Header {
    // SAFETY: it stands in front of the block.
    unsafe { block.cast::<Header>().sub(1) }
}

fn allocate(size: usize, align: usize) -> *mut c_void {
    let offset = align.max(ALIGN);
    let layout = size
        .checked_add(offset)
        .and_then(|size| Layout::from_size_align(size, offset).ok());
    let Some(layout) = layout else {
        return out_of_memory();
    };
    // SAFETY: the size is not zero.
    let start = unsafe { HEAP.alloc(layout) };
    finish(start, layout.size(), offset)
}

/// Writes the header of a block that begins at `start`.
fn finish(start: *mut u8, size: usize, offset: usize) -> *mut c_void {
    if start.is_null() {
        return out_of_memory();
    }
    // SAFETY: there is room for a header in front of the block, and its alignment is at least 8.
    unsafe {
        let block = start.add(offset).cast::<c_void>();
        header(block).write(Header { size, offset });
        block
    }
}

fn out_of_memory() -> *mut c_void {
    super::set_errno(OUT_OF_MEMORY);
    ptr::null_mut()
}

#[unsafe(no_mangle)]
extern "C" fn malloc(size: usize) -> *mut c_void {
    allocate(size, ALIGN)
}

#[unsafe(no_mangle)]
extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    let Some(size) = count.checked_mul(size) else {
        return out_of_memory();
    };
    let block = allocate(size, ALIGN);
    if !block.is_null() {
        // SAFETY: the block is at least so long.
        unsafe { block.write_bytes(0, size) };
    }
    block
}

#[unsafe(no_mangle)]
extern "C" fn free(block: *mut c_void) {
    if !block.is_null() {
        // SAFETY: the caller's promise, as in C: it is a block that was not freed.
        unsafe {
            let header = header(block).read();
            HEAP.dealloc(block.cast::<u8>().sub(header.offset), header.layout());
        }
    }
}

#[unsafe(no_mangle)]
extern "C" fn realloc(block: *mut c_void, size: usize) -> *mut c_void {
    if block.is_null() {
        return malloc(size);
    }
    // SAFETY: the caller's promise, as in C: it is a block that was not freed.
    let header = unsafe { header(block).read() };
    let new = size
        .checked_add(header.offset)
        .filter(|new| isize::try_from(*new).is_ok());
    let Some(new) = new else {
        return out_of_memory();
    };
    // SAFETY: so it was allocated, and the new size is neither zero nor too large.
    let start =
        unsafe { HEAP.realloc(block.cast::<u8>().sub(header.offset), header.layout(), new) };
    finish(start, new, header.offset)
}

#[unsafe(no_mangle)]
extern "C" fn aligned_alloc(align: usize, size: usize) -> *mut c_void {
    if !align.is_power_of_two() {
        super::set_errno(INVALID);
        return ptr::null_mut();
    }
    allocate(size, align)
}

#[unsafe(no_mangle)]
extern "C" fn posix_memalign(target: *mut *mut c_void, align: usize, size: usize) -> c_int {
    if !align.is_power_of_two() || align < size_of::<*mut c_void>() {
        return INVALID;
    }
    let block = allocate(size, align);
    if block.is_null() {
        return OUT_OF_MEMORY;
    }
    // SAFETY: the caller's promise, as in C: there is a pointer to write.
    unsafe { target.write(block) };
    0
}

#[unsafe(no_mangle)]
extern "C" fn malloc_usable_size(block: *mut c_void) -> usize {
    if block.is_null() {
        return 0;
    }
    // SAFETY: the caller's promise, as in C: it is a block that was not freed.
    let header = unsafe { header(block).read() };
    header.size - header.offset
}

/// What wasi-libc itself calls `malloc`.
#[unsafe(no_mangle)]
extern "C" fn __libc_malloc(size: usize) -> *mut c_void {
    malloc(size)
}

/// What wasi-libc itself calls `calloc`.
#[unsafe(no_mangle)]
extern "C" fn __libc_calloc(count: usize, size: usize) -> *mut c_void {
    calloc(count, size)
}

/// What wasi-libc itself calls `free`.
#[unsafe(no_mangle)]
extern "C" fn __libc_free(block: *mut c_void) {
    free(block);
}
