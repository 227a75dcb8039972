#![doc = include_str!("../README.md")]
#![deny(missing_docs)]
#![doc(test(attr(deny(warnings))))]

#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod __private;
#[cfg(any(target_family = "wasm", test))]
mod errno;
#[cfg(any(target_family = "wasm", test))]
mod getenv;
#[cfg(any(target_family = "wasm", test))]
mod heap;
#[cfg(target_family = "wasm")]
mod memory;
#[cfg(any(target_family = "wasm", test))]
mod stdio;

/// The imports of a component that the C functions end in.
pub trait Host {
    /// Writes to standard output or standard error. `bytes` is never empty.
    fn write(stream: Stream, bytes: &[u8]);

    /// The environment variable called `name`.
    ///
    /// A value with a zero byte ends there for callers of `getenv`, `std::env::var` among them.
    fn variable(name: &str) -> Option<String>;
}

/// What `link!` asks of its type where it defines nothing.
#[cfg(not(target_family = "wasm"))]
#[doc(hidden)]
pub const fn is_host<H: Host>() {}

/// A stream that a component may write to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Links the C functions of this crate instead of wasi-libc's, over a [`Host`].
///
/// Call it once in a program, in a module of the program or of a library. On targets other than
/// WebAssembly it defines nothing.
#[macro_export]
macro_rules! link {
    ($host:ty) => {
        #[cfg(not(target_family = "wasm"))]
        const _: () = $crate::is_host::<$host>();

        #[cfg(target_family = "wasm")]
        const _: () = {
            use ::core::ffi::{c_char, c_int, c_void};

            #[unsafe(no_mangle)]
            unsafe extern "C" fn write(file: c_int, start: *const c_void, length: usize) -> isize {
                // SAFETY: the caller's promise, as in C.
                unsafe { $crate::__private::write::<$host>(file, start, length) }
            }

            #[unsafe(no_mangle)]
            unsafe extern "C" fn writev(file: c_int, pieces: *const c_void, count: c_int) -> isize {
                // SAFETY: the caller's promise, as in C.
                unsafe { $crate::__private::writev::<$host>(file, pieces, count) }
            }

            #[unsafe(no_mangle)]
            unsafe extern "C" fn getenv(name: *const c_char) -> *mut c_char {
                // SAFETY: the caller's promise, as in C.
                unsafe { $crate::__private::getenv::<$host>(name) }
            }
        };
    };
}
