//! Whether the workers of a server stop, to continue in the next process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Whether workers stop. From then on, no worker gets an answer: it could be one that only says so, and would be
/// recorded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stopping(Arc<StopSignal>);

#[derive(Debug, Default)]
struct StopSignal {
    is_set: AtomicBool,
    changed: Notify,
}

impl Stopping {
    /// Before anybody is told to stop, and so before anybody learns of it by an answer.
    pub(super) fn set(&self) {
        self.0.is_set.store(true, Ordering::SeqCst);
        self.0.changed.notify_waiters();
    }

    pub(super) fn is_set(&self) -> bool {
        self.0.is_set.load(Ordering::SeqCst)
    }

    /// Returns once that is so.
    pub(super) async fn reached(&self) {
        let changed = self.0.changed.notified();
        // After that: a change in between is not missed.
        if !self.is_set() {
            changed.await;
        }
    }
}
