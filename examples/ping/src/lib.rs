//! The smallest function: whatever is asked, it answers `pong`.
//!
//! `Data` is a handle to the request's body, which stays on the host. `ping` never reads it, so not
//! a byte of it is held in memory, however long it is.
//!
//! ```sh
//! curl -X POST http://127.0.0.1:8080/ping
//! ```

use functions_guest_web::{Data, invoke};

invoke!(ping);
fn ping(_payload: Data) -> &'static str {
    "pong"
}
