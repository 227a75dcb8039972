//! Waiting for several things at once.
//!
//! A handler that is an `async fn` runs on a small reactor of the SDK's own: what it awaits, the
//! host waits for, all at once. One that awaits nothing has none of it in its component.
//!
//! ```
//! use std::time::Duration;
//! use functions_guest_web::{invoke, task};
//!
//! invoke!(patient);
//! async fn patient() -> &'static str {
//!     let slow = async { task::sleep(Duration::from_secs(1)).await };
//!     match task::timeout(Duration::from_millis(10), slow).await {
//!         Ok(()) => "done",
//!         Err(_) => "too slow",
//!     }
//! }
//! ```
//!
//! The futures of `futures-util`, `futures-lite` and `futures-concurrency` work as they are. Those
//! that need a runtime of their own, such as tokio's sockets and timers, do not.

pub use functions_bytes::task::{Elapsed, block_on, join_all, sleep, timeout};
