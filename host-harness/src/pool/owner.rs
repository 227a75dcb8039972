//! Which function a memory or a stack belongs to.
//!
//! The contents of a slot are cleared between two invocations, but its pages stay mapped, and a page
//! that is mapped answers faster than one that is not. So a slot goes back to the function that used
//! it last, and gives its pages back to the kernel before another function gets it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A function, by a number that no other function of this process has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner(u64);

impl Owner {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// The function's name; none of one that was removed.
    pub(super) fn name(self) -> Option<Arc<str>> {
        names().get(&self.0).cloned()
    }
}

/// The names of the functions that there are, for messages.
static NAMES: Mutex<BTreeMap<u64, Arc<str>>> = Mutex::new(BTreeMap::new());

fn names() -> MutexGuard<'static, BTreeMap<u64, Arc<str>>> {
    // A map is whole at every moment, whoever panicked with it in hand.
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A function's number, which has a name as long as this lives.
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
