//! What is served of the store, in memory: for APIs that ask with every request.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::Settings;

/// A version that is served.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) version: i64,
    pub(crate) settings: Settings,
}

impl Served {
    /// The memory of an invocation in bytes, if the version has a limit of its own.
    pub(crate) fn memory(&self) -> Option<u64> {
        self.settings.memory_bytes()
    }

    /// How long the first retry waits, if the version has a time of its own.
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
pub(super) struct ServedFunctions(RwLock<HashMap<String, Arc<Served>>>);

impl ServedFunctions {
    pub(super) fn get(&self, name: &str) -> Option<Arc<Served>> {
        let functions = self.0.read().unwrap_or_else(PoisonError::into_inner);
        functions.get(name).cloned()
    }

    pub(super) fn put(&self, name: &str, served: Served) {
        let mut functions = self.0.write().unwrap_or_else(PoisonError::into_inner);
        functions.insert(name.to_owned(), Arc::new(served));
    }

    pub(super) fn remove(&self, name: &str) {
        let mut functions = self.0.write().unwrap_or_else(PoisonError::into_inner);
        functions.remove(name);
    }
}
