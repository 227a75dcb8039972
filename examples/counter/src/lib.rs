//! Counts the requests it has answered, and answers 1 every time.
//!
//! Each request runs in its own instance, with its own memory. No request sees what another one
//! left in a `static`.
//!
//! ```sh
//! curl http://127.0.0.1:8080/counter
//! ```
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicU64, Ordering};

use functions_guest_web::invoke;

static ANSWERED: AtomicU64 = AtomicU64::new(0);

invoke!(count);
fn count() -> String {
    let answered = ANSWERED.fetch_add(1, Ordering::Relaxed) + 1;
    answered.to_string()
}
