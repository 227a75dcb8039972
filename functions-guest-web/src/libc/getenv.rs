//! `getenv`: the function's variables. `std::env::var` asks for them, and so does a panic, which
//! looks for `RUST_BACKTRACE`.

use std::ffi::{CStr, c_char};
use std::ptr;

use crate::__private::bindings::functions::web::environment;

/// `getenv(3)`. The value stays for as long as the instance, which is not long.
#[unsafe(no_mangle)]
extern "C" fn getenv(name: *const c_char) -> *mut c_char {
    // SAFETY: the caller's promise, as in C: a string that ends with a zero.
    let name = unsafe { CStr::from_ptr(name) };
    let value = name.to_str().ok().and_then(environment::variable);
    value.map_or(ptr::null_mut(), |value| {
        let mut value = value.into_bytes();
        value.push(0);
        value.leak().as_mut_ptr().cast()
    })
}
