//! Which workers are loaded. Beyond a number, one that nobody has called for long is unloaded for each that is
//! loaded.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::Worker;

/// How many workers are loaded at once. Each takes several mappings of memory, of which a process has 65,530
/// unless the system is told otherwise.
const MAX_LOADED: usize = 4096;

/// How many are looked at for one that is idle.
const MAX_TRIES: usize = 64;

/// The loaded workers, the next one to unload first.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    workers: Mutex<VecDeque<Weak<Worker>>>,
}

/// Whether a worker is among them, and was called since it was looked at.
#[derive(Debug, Default)]
pub(super) struct Recency {
    is_listed: AtomicBool,
    is_recent: AtomicBool,
}

impl Loaded {
    /// A worker is called, and is or will be loaded.
    pub(super) fn note(&self, worker: &Arc<Worker>) {
        worker.recency.is_recent.store(true, Ordering::Relaxed);
        if worker.recency.is_listed.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        workers.push_back(Arc::downgrade(worker));
        for _ in 0..MAX_TRIES {
            if workers.len() <= MAX_LOADED {
                return;
            }
            let Some(oldest) = workers.pop_front() else {
                return;
            };
            let Some(found) = oldest.upgrade() else {
                continue;
            };
            let is_recent = found.recency.is_recent.swap(false, Ordering::Relaxed);
            if is_recent || !found.ask_to_unload() {
                workers.push_back(oldest);
            } else {
                found.recency.is_listed.store(false, Ordering::Relaxed);
                return;
            }
        }
    }
}
