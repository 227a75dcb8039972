//! Counts an invocation's calls and requests in flight.
//!
//! Each holds a task, a slot of the pool or a connection of the host's. It does so until the body of
//! its response has ended or is dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// How many calls and requests one invocation may have in flight at once.
const MAX_IN_FLIGHT: usize = 64;

/// A call or request in flight. It counts until this is dropped, or it is cancelled.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<InFlightEntry>);

/// Ends the count of a call or request that its function no longer wants.
///
/// The task that works on it is aborted as well, but not before a thread gets to it. Without this, a
/// function that sends requests one after the other and drops each would be refused.
#[derive(Debug)]
pub(crate) struct Cancel(Arc<InFlightEntry>);

#[derive(Debug)]
struct InFlightEntry {
    count: Arc<AtomicUsize>,
    is_over: AtomicBool,
}

impl InFlightEntry {
    fn end(&self) {
        if !self.is_over.swap(true, Ordering::Relaxed) {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl InFlight {
    /// A handle for the code that may cancel the operation.
    pub(crate) fn cancel_handle(&self) -> Cancel {
        Cancel(Arc::clone(&self.0))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Cancel {
    /// Ends the count, unless it has ended.
    pub(crate) fn cancel(&self) {
        self.0.end();
    }
}

/// Counts those of one invocation. Nothing is allocated before the first.
#[derive(Default)]
pub(crate) struct InFlightCounter(Option<Arc<AtomicUsize>>);

impl InFlightCounter {
    /// Counts one more, if there is room.
    pub(crate) fn try_acquire(&mut self) -> Option<InFlight> {
        let count = Arc::clone(self.0.get_or_insert_default());
        let before = count.fetch_add(1, Ordering::Relaxed);
        // Dropping `one` undoes the increment above.
        let one = InFlight(Arc::new(InFlightEntry {
            count,
            is_over: AtomicBool::new(false),
        }));
        (before < MAX_IN_FLIGHT).then_some(one)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// There is room up to the limit, and again for each that ends. Refused ones do not count.
    #[test]
    fn calls_in_flight_are_limited() {
        let mut count = InFlightCounter::default();
        let mut all: Vec<_> = (0..MAX_IN_FLIGHT)
            .map(|_| count.try_acquire().unwrap())
            .collect();
        for _ in 0..3 {
            assert!(count.try_acquire().is_none());
        }
        drop(all.pop());
        let last = count.try_acquire();
        assert!(last.is_some() && count.try_acquire().is_none());
    }

    /// A cancelled request no longer counts, and ends once, also when its task is dropped later.
    #[test]
    fn cancelled_requests_end_once() {
        let mut count = InFlightCounter::default();
        let all: Vec<_> = (0..MAX_IN_FLIGHT)
            .map(|_| count.try_acquire().unwrap())
            .collect();
        all[0].cancel_handle().cancel();
        let last = count.try_acquire();
        assert!(last.is_some() && count.try_acquire().is_none());
        drop(all);
        let rest: Vec<_> = (1..MAX_IN_FLIGHT)
            .map(|_| count.try_acquire().unwrap())
            .collect();
        assert!(count.try_acquire().is_none());
        drop(rest);
    }
}
