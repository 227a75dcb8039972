//! Which function a memory or a stack belongs to.
//!
//! The contents of a slot are cleared between two invocations, but its pages stay mapped, and an
//! access to a mapped page is faster. So a slot returns to the function that used it last. Before
//! another function gets the slot, its pages go back to the kernel.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A function, as a number that is unique in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Owner(u64);

impl Owner {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn number(self) -> u64 {
        self.0
    }

    /// The function's name; `None` after its removal.
    pub(super) fn name(self) -> Option<Arc<str>> {
        names().get(&self.0).cloned()
    }
}

/// The names of registered functions, for messages.
static NAMES: Mutex<BTreeMap<u64, Arc<str>>> = Mutex::new(BTreeMap::new());

fn names() -> MutexGuard<'static, BTreeMap<u64, Arc<str>>> {
    // A panic cannot leave the map half changed.
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A function's number, with its name registered until this is dropped.
pub(crate) struct Registration(Owner);

impl Registration {
    pub(crate) fn new(name: &Arc<str>) -> Self {
        let owner = Owner::new();
        names().insert(owner.0, Arc::clone(name));
        Self(owner)
    }

    pub(crate) fn owner(&self) -> Owner {
        self.0
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        names().remove(&self.0.0);
    }
}
