//! Which functions are loaded: a bounded number, of which those that were not used for longest go first.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Deployed;

/// The loaded functions.
pub(super) struct Loaded {
    max: usize,
    functions: Mutex<Vec<Arc<Deployed>>>,
    /// Counts the functions that were loaded so far. The time of a use is this number: only a function
    /// that is loaded makes another go, so nothing finer is needed, and a request usually writes nothing.
    clock: AtomicU64,
}

impl Loaded {
    pub(super) fn new(max: u32) -> Self {
        Self {
            max: usize::try_from(max.max(1)).unwrap_or(usize::MAX),
            functions: Mutex::default(),
            clock: AtomicU64::new(0),
        }
    }

    /// Records a use.
    pub(super) fn touch(&self, deployed: &Deployed) {
        let now = self.clock.load(Ordering::Relaxed);
        if deployed.used.load(Ordering::Relaxed) != now {
            deployed.used.store(now, Ordering::Relaxed);
        }
    }

    /// Adds a function. Returns those to unload for it, none of which is in use.
    pub(super) fn add(&self, deployed: &Arc<Deployed>) -> Vec<Arc<Deployed>> {
        let mut functions = self.lock();
        self.touch(deployed);
        // Uses from now on are later than this one.
        self.clock.fetch_add(1, Ordering::Relaxed);
        let mut surplus = Vec::new();
        while functions.len() >= self.max {
            let idle = functions.iter().enumerate().filter(|(_, of)| is_idle(of));
            let oldest = idle.min_by_key(|(_, of)| of.used.load(Ordering::Relaxed));
            let Some((index, _)) = oldest else { break };
            surplus.push(functions.swap_remove(index));
        }
        functions.push(Arc::clone(deployed));
        surplus
    }

    pub(super) fn remove(&self, deployed: &Arc<Deployed>) {
        self.lock().retain(|of| !Arc::ptr_eq(of, deployed));
    }

    /// A panic cannot leave the list half changed.
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Deployed>>> {
        self.functions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether no invocation has the function. One that starts at this moment keeps it.
fn is_idle(deployed: &Deployed) -> bool {
    let function = deployed.function.load();
    function
        .as_ref()
        .is_none_or(|function| Arc::strong_count(function) == 1)
}
