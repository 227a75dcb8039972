use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// How many more instances may be kept idle.
pub(super) struct IdlePermits(Arc<AtomicU32>);

/// The permission to keep one instance idle.
pub(super) struct IdlePermit(Arc<AtomicU32>);

impl IdlePermits {
    pub(super) fn new(available: u32) -> Self {
        Self(Arc::new(AtomicU32::new(available)))
    }

    /// Takes a permit, if one is available.
    pub(super) fn acquire(&self) -> Option<IdlePermit> {
        let minus_one = |available: u32| available.checked_sub(1);
        let taken = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, minus_one);
        taken.is_ok().then(|| IdlePermit(Arc::clone(&self.0)))
    }
}

impl Drop for IdlePermit {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
