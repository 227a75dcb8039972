//! C's errors, in wasi-libc's numbers.

/// An error that a C function returns or leaves in `errno`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
#[cfg_attr(
    test,
    expect(dead_code, reason = "those of the heap are set in components")
)]
pub(crate) enum Errno {
    /// `EBADF`: no such file.
    BadFile = 8,
    /// `EINVAL`: an invalid argument.
    Invalid = 28,
    /// `ENOMEM`: out of memory.
    OutOfMemory = 48,
}

impl Errno {
    /// The error's number.
    #[cfg(target_family = "wasm")]
    pub(crate) fn number(self) -> std::ffi::c_int {
        self as _
    }
}
