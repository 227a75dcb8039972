//! The C symbols: those of the heap, and what `link!` defines the others with.
#![expect(unsafe_code, reason = "the signatures and their promises are C's")]

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use crate::errno::Errno;
use crate::heap::{self, Block, Heap};
use crate::memory::{self, Allocator};
use crate::{Host, getenv, stdio};

static HEAP: Heap<Allocator> = Heap::new(memory::allocator());

pub unsafe fn write<H: Host>(file: c_int, start: *const c_void, length: usize) -> isize {
    // SAFETY: the caller's promise, as in C.
    unsafe { stdio::write::<H>(file, start, length) }.unwrap_or_else(fail_with_minus_one)
}

pub unsafe fn writev<H: Host>(file: c_int, pieces: *const c_void, count: c_int) -> isize {
    // SAFETY: the caller's promise, as in C.
    unsafe { stdio::writev::<H>(file, pieces.cast(), count) }.unwrap_or_else(fail_with_minus_one)
}

#[must_use]
pub unsafe fn getenv<H: Host>(name: *const c_char) -> *mut c_char {
    // SAFETY: the caller's promise, as in C.
    unsafe { getenv::getenv::<H>(name) }
}

fn fail_with_minus_one(error: Errno) -> isize {
    set_errno(error);
    -1
}

fn set_errno(error: Errno) {
    unsafe extern "C" {
        fn __errno_location() -> *mut c_int;
    }
    // SAFETY: wasi-libc's `errno` is a place of this thread's own.
    unsafe { *__errno_location() = error.number() };
}

/// The block, or null with the error in `errno`.
fn or_null(block: Block) -> *mut c_void {
    match block {
        Some(block) => block.as_ptr(),
        None => {
            set_errno(Errno::OutOfMemory);
            ptr::null_mut()
        }
    }
}

#[unsafe(no_mangle)]
extern "C" fn malloc(size: usize) -> *mut c_void {
    or_null(HEAP.allocate(size))
}

#[unsafe(no_mangle)]
extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    or_null(HEAP.allocate_zeroed(count, size))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn free(block: *mut c_void) {
    // SAFETY: the caller's promise, as in C.
    unsafe { HEAP.release(block) };
}

#[unsafe(no_mangle)]
unsafe extern "C" fn realloc(block: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise, as in C.
    or_null(unsafe { HEAP.reallocate(block, size) })
}

#[unsafe(no_mangle)]
extern "C" fn aligned_alloc(align: usize, size: usize) -> *mut c_void {
    if !align.is_power_of_two() {
        set_errno(Errno::Invalid);
        return ptr::null_mut();
    }
    or_null(HEAP.allocate_aligned(align, size))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn posix_memalign(target: *mut *mut c_void, align: usize, size: usize) -> c_int {
    if !align.is_power_of_two() || align < size_of::<*mut c_void>() {
        return Errno::Invalid.number();
    }
    let Some(block) = HEAP.allocate_aligned(align, size) else {
        return Errno::OutOfMemory.number();
    };
    // SAFETY: the caller's promise, as in C: there is a pointer to write.
    unsafe { target.write(block.as_ptr()) };
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn malloc_usable_size(block: *mut c_void) -> usize {
    // SAFETY: the caller's promise, as in C.
    unsafe { heap::usable_size(block) }
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
unsafe extern "C" fn __libc_free(block: *mut c_void) {
    // SAFETY: the caller's promise, as in C.
    unsafe { free(block) };
}
