//! The smallest function: it answers every request with `pong`.
//!
//! `Data` is a handle to the request's body, which stays on the host. `ping` never reads the body, so
//! no byte of it takes memory.
//!
//! ```sh
//! curl -X POST http://127.0.0.1:8080/ping
//! ```
#![forbid(unsafe_code)]

use functions_guest_web::{Data, invoke};

invoke!(ping);
fn ping(_payload: Data) -> &'static str {
    "pong"
}
