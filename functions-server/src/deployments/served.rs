//! What is served of the store, in memory: for APIs that ask with every request.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::Settings;

/// A version that is served.
#[derive(Debug)]
pub(crate) struct ServedVersion {
    pub(crate) version: i64,
    pub(crate) settings: Settings,
    /// Tells it from whatever else is served under the name while this process runs.
    pub(crate) serial: u64,
}

impl ServedVersion {
    /// The memory of an invocation in bytes, if the version has its own limit.
    pub(crate) fn memory(&self) -> Option<u64> {
        self.settings.memory_bytes()
    }

    /// How long the first retry waits, if the version has its own time.
    pub(crate) fn first_backoff(&self) -> Option<std::time::Duration> {
        self.settings.first_backoff()
    }

    /// How many processors a running instance counts for.
    pub(crate) fn cpus(&self) -> f64 {
        self.settings.cpus.unwrap_or_default()
    }
}

/// The versions that are served, by function.
#[derive(Debug, Default)]
pub(super) struct ServedFunctions {
    functions: RwLock<HashMap<String, Arc<ServedVersion>>>,
    changes: AtomicU64,
}

impl ServedFunctions {
    pub(super) fn get(&self, name: &str) -> Option<Arc<ServedVersion>> {
        let functions = self.functions.read();
        let functions = functions.unwrap_or_else(PoisonError::into_inner);
        functions.get(name).cloned()
    }

    pub(super) fn put(&self, name: &str, version: i64, settings: Settings) {
        self.change(|functions, serial| {
            let served = ServedVersion {
                version,
                settings,
                serial,
            };
            functions.insert(name.to_owned(), Arc::new(served));
        });
    }

    pub(super) fn remove(&self, name: &str) {
        self.change(|functions, _| {
            functions.remove(name);
        });
    }

    /// How many changes there were.
    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    fn change(&self, change: impl FnOnce(&mut HashMap<String, Arc<ServedVersion>>, u64)) {
        let functions = self.functions.write();
        let mut functions = functions.unwrap_or_else(PoisonError::into_inner);
        change(&mut functions, self.changes.load(Ordering::Relaxed) + 1);
        // Afterwards: who sees the number sees the change.
        self.changes.fetch_add(1, Ordering::Release);
    }
}
