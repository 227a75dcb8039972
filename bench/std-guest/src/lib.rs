//! A baseline: `examples/ping` with wasi-libc instead of the SDK's small libc.
//!
//! It has the WASI imports that Rust components have by default.
#![forbid(unsafe_code)]

use functions_bytes::Data;
use functions_guest_web::invoke;

invoke!(ping);
fn ping(_payload: Data) -> &'static str {
    "pong"
}
