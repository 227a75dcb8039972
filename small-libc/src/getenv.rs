//! `getenv`: `std::env::var` calls it, and so does a panic, which looks for `RUST_BACKTRACE`.
#![expect(unsafe_code, reason = "the signature is C's")]

use std::ffi::{CStr, c_char};
use std::ptr;

use crate::Host;

/// `getenv(3)`. The value stays for as long as the instance, which is not long.
///
/// # Safety
///
/// `name` is a string that ends with a zero.
pub(crate) unsafe fn getenv<H: Host>(name: *const c_char) -> *mut c_char {
    // SAFETY: the caller's promise.
    let name = unsafe { CStr::from_ptr(name) };
    let value = name.to_str().ok().and_then(H::variable);
    value.map_or(ptr::null_mut(), |value| {
        let mut value = value.into_bytes();
        value.push(0);
        value.leak().as_mut_ptr().cast()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A host with one variable.
    struct Variables;

    impl Host for Variables {
        fn write(_stream: crate::Stream, _bytes: &[u8]) {}

        fn variable(name: &str) -> Option<String> {
            (name == "NAME").then(|| "Ada".to_owned())
        }
    }

    /// A value ends with a zero; a variable that is not set, or whose name is not UTF-8, is null.
    #[test]
    fn variable_becomes_a_c_string() {
        // SAFETY: each name ends with a zero, and so does the value.
        unsafe {
            let value = getenv::<Variables>(c"NAME".as_ptr());
            assert_eq!(CStr::from_ptr(value), c"Ada");
            assert!(getenv::<Variables>(c"OTHER".as_ptr()).is_null());
            assert!(getenv::<Variables>(c"\xff".as_ptr()).is_null());
        }
    }
}
