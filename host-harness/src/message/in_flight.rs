//! How much an invocation has under way: calls and requests of its own.
//!
//! Each holds something of the host's, a task, a place of the pool or a connection, until the body of
//! its response has ended or nobody wants it any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many calls and requests one invocation may have under way at once.
const MAX_UNDER_WAY: usize = 64;

/// One that is under way, for as long as this lives.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<AtomicUsize>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts those of one invocation; nothing is counted, or allocated, before the first.
#[derive(Default)]
pub(crate) struct InFlightCounter(Option<Arc<AtomicUsize>>);

impl InFlightCounter {
    /// One more, if there may be.
    pub(crate) fn one_more(&mut self) -> Option<InFlight> {
        let count = self.0.get_or_insert_default();
        // From here on it is given back.
        let one = InFlight(Arc::clone(count));
        (count.fetch_add(1, Ordering::Relaxed) < MAX_UNDER_WAY).then_some(one)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As many as may be, and one more for each that is over; those that were refused do not count.
    #[test]
    fn as_many_as_may_be() {
        let mut count = InFlightCounter::default();
        let mut all: Vec<_> = (0..MAX_UNDER_WAY)
            .map(|_| count.one_more().unwrap())
            .collect();
        for _ in 0..3 {
            assert!(count.one_more().is_none());
        }
        drop(all.pop());
        let last = count.one_more();
        assert!(last.is_some() && count.one_more().is_none());
    }
}
