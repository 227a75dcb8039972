//! Whether several functions want the processors.
//!
//! A move to the background costs a lone CPU-bound function up to a fifth of its requests per second, and
//! would gain nobody anything.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::invocation::time_check;
use crate::pool::Owner;

/// For how many epochs of 10 ms two functions contend after both were invoked. A function that is invoked
/// once a minute should not wait for what another one has begun.
const EPOCHS: u64 = 6000;

/// The functions of the process: all its hosts share the processors.
static FUNCTIONS: Contention = Contention::new();

/// Records that an invocation of a function begins; returns whether another function's began not long ago.
pub(crate) fn begin(function: Owner) -> bool {
    FUNCTIONS.begin(function.number(), time_check::epoch())
}

/// Whether several functions were invoked not long ago.
pub(crate) fn is_on() -> bool {
    FUNCTIONS.is_on(time_check::epoch())
}

/// The last function that began an invocation, and the epoch in which it replaced another one. Written at
/// most once in each epoch, so that threads do not wait for each other's caches.
struct Contention {
    changed: AtomicU64,
    function: AtomicU64,
}

/// No function, and no epoch.
const NONE: u64 = u64::MAX;

impl Contention {
    const fn new() -> Self {
        Self {
            changed: AtomicU64::new(NONE),
            function: AtomicU64::new(NONE),
        }
    }

    fn begin(&self, function: u64, epoch: u64) -> bool {
        let changed = self.changed.load(Ordering::Relaxed);
        if changed == epoch {
            return true;
        }
        let before = self.function.load(Ordering::Relaxed);
        if before != function {
            self.function.store(function, Ordering::Relaxed);
            if before != NONE {
                self.changed.store(epoch, Ordering::Relaxed);
                return true;
            }
        }
        is_recent(changed, epoch)
    }

    fn is_on(&self, epoch: u64) -> bool {
        is_recent(self.changed.load(Ordering::Relaxed), epoch)
    }
}

fn is_recent(changed: u64, epoch: u64) -> bool {
    changed != NONE && epoch.saturating_sub(changed) < EPOCHS
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One function alone does not contend. Two do, until one was not invoked for long.
    #[test]
    fn two_functions_contend() {
        let functions = Contention::new();
        assert!(!functions.begin(1, 0));
        assert!(!functions.begin(1, 1));
        assert!(!functions.is_on(1));
        assert!(functions.begin(2, 2));
        assert!(functions.begin(2, 2));
        assert!(functions.begin(2, EPOCHS + 1) && functions.is_on(EPOCHS + 1));
        assert!(!functions.begin(2, EPOCHS + 2));
        assert!(functions.begin(1, EPOCHS + 3));
    }
}
