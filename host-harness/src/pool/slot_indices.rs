use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Hands out the index of each slot once, and again after its return.
pub(super) struct SlotIndices {
    count: usize,
    next: AtomicUsize,
    /// Indices of slots that could not be created or cleared.
    returned: Mutex<Vec<usize>>,
}

impl SlotIndices {
    pub(super) fn new(count: usize) -> Self {
        Self {
            count,
            next: AtomicUsize::new(0),
            returned: Mutex::default(),
        }
    }

    pub(super) fn take(&self) -> Option<usize> {
        let next = self
            .next
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| {
                (next < self.count).then_some(next + 1)
            });
        next.ok().or_else(|| self.returned().pop())
    }

    pub(super) fn put(&self, index: usize) {
        self.returned().push(index);
    }

    fn returned(&self) -> std::sync::MutexGuard<'_, Vec<usize>> {
        // A panic cannot leave the list half changed.
        self.returned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
