//! Counts an invocation's calls and requests in flight.
//!
//! Each holds a task, a slot of the pool or a connection of the host's. It does so until the body of
//! its response has ended or is dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many calls and requests one invocation may have in flight at once.
const MAX_IN_FLIGHT: usize = 64;

/// A call or request in flight, for as long as this lives.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<AtomicUsize>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts those of one invocation. Nothing is allocated before the first.
#[derive(Default)]
pub(crate) struct InFlightCounter(Option<Arc<AtomicUsize>>);

impl InFlightCounter {
    /// Counts one more, if there is room.
    pub(crate) fn try_acquire(&mut self) -> Option<InFlight> {
        let count = self.0.get_or_insert_default();
        // Dropping `one` undoes the increment below.
        let one = InFlight(Arc::clone(count));
        (count.fetch_add(1, Ordering::Relaxed) < MAX_IN_FLIGHT).then_some(one)
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
}
