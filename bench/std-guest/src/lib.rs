//! `examples/ping` with wasi-libc in the place of the SDK's small one, and so with the WASI imports
//! that every Rust component has which says nothing about it. A baseline, nothing to copy.

use functions_bytes::Data;
use functions_guest_web::invoke;

invoke!(ping);
fn ping(_payload: Data) -> &'static str {
    "pong"
}
