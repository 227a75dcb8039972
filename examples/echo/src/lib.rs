//! Answers with what it was sent.
//!
//! The handle goes straight back, and the host streams the bytes from the request to the response
//! as they arrive: the answer begins before a long upload ends, and nothing is copied through the
//! function.
//!
//! ```sh
//! curl http://127.0.0.1:8080/echo -d 'hello'
//! ```

use functions_guest_web::{Data, invoke};

invoke!(echo);
fn echo(payload: Data) -> Data {
    payload
}
