//! Answers with the body of the request.
//!
//! The function returns the body's handle, and the host streams the bytes from the request to the
//! response as they arrive. The response starts before a long upload ends, and no byte is copied into
//! the function.
//!
//! ```sh
//! curl http://127.0.0.1:8080/echo -d 'hello'
//! ```
#![forbid(unsafe_code)]

use functions_guest_web::{Data, invoke};

invoke!(echo);
fn echo(payload: Data) -> Data {
    payload
}
