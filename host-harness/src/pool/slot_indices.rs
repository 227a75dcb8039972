use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// The numbers of places: each is given out once, and again if it is given back.
pub(super) struct SlotIndices {
    all: usize,
    next: AtomicUsize,
    /// Of places that could not be made, or not be cleared.
    back: Mutex<Vec<usize>>,
}

impl SlotIndices {
    pub(super) fn new(all: usize) -> Self {
        Self {
            all,
            next: AtomicUsize::new(0),
            back: Mutex::default(),
        }
    }

    pub(super) fn take(&self) -> Option<usize> {
        let next = self
            .next
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| {
                (next < self.all).then_some(next + 1)
            });
        next.ok().or_else(|| self.back().pop())
    }

    pub(super) fn put(&self, number: usize) {
        self.back().push(number);
    }

    fn back(&self) -> std::sync::MutexGuard<'_, Vec<usize>> {
        // A list is whole at every moment, whoever panicked with it in hand.
        self.back.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
