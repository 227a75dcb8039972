//! The few C functions that std needs to allocate, to print and to look up variables: on the
//! contract instead of WASI, and small.
//!
//! The linker takes what is defined here and leaves wasi-libc's out, and with that go dlmalloc,
//! streams, terminals, clocks, polling and every WASI import: more than half the size of a small
//! function, and a third of the time to make an instance of it. A function that uses more of std,
//! files or clocks or `std::env::vars`, links the rest of wasi-libc as ever.
//!
//! What is defined here is, of each of wasi-libc's object files that it replaces, every symbol: if
//! one were missing, whoever needs it would bring the file back, and the rest of it twice.
#![expect(unsafe_code, reason = "the signatures are C's")]

mod getenv;
mod heap;
mod stdio;

use std::ffi::c_int;

fn set_errno(error: c_int) {
    unsafe extern "C" {
        fn __errno_location() -> *mut c_int;
    }
    // SAFETY: wasi-libc's `errno` is a place of this thread's own.
    unsafe { *__errno_location() = error };
}
