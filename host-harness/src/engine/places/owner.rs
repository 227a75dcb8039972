//! Which function a memory or a stack belongs to.
//!
//! The contents of a slot are cleared between two invocations, but its pages stay mapped, and a page
//! that is mapped answers faster than one that is not. So a slot goes back to the function that used
//! it last, and gives its pages back to the kernel before another function gets it.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

thread_local! {
    static CURRENT: Cell<Option<Owner>> = const { Cell::new(None) };
}

/// A function, by a number that no other function of this process has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Owner(u64);

impl Owner {
    pub(in crate::engine) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// The function that is polled on this thread; none where the host does not say, and then a slot
    /// is treated as another's.
    pub(in crate::engine) fn current() -> Option<Self> {
        CURRENT.try_with(Cell::get).unwrap_or(None)
    }

    /// The function's name; none of one that was removed.
    pub(super) fn name(self) -> Option<Arc<str>> {
        names().get(&self.0).cloned()
    }

    /// Takes slots for this function as long as `poll` runs.
    pub(super) fn during<T>(self, poll: impl FnOnce() -> T) -> T {
        let _outer = Outer(CURRENT.replace(Some(self)));
        poll()
    }
}

/// Takes slots for a function whenever its future is polled, on whichever thread.
pub(in crate::engine) async fn owned_by<F: Future>(owner: Owner, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| owner.during(|| future.as_mut().poll(cx))).await
}

/// The names of the functions that there are, for messages.
static NAMES: Mutex<BTreeMap<u64, Arc<str>>> = Mutex::new(BTreeMap::new());

fn names() -> MutexGuard<'static, BTreeMap<u64, Arc<str>>> {
    // A map is whole at every moment, whoever panicked with it in hand.
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A function's number, which has a name as long as this lives.
pub(in crate::engine) struct Registration(Owner);

impl Registration {
    pub(in crate::engine) fn new(name: &Arc<str>) -> Self {
        let owner = Owner::new();
        names().insert(owner.0, Arc::clone(name));
        Self(owner)
    }

    pub(in crate::engine) fn owner(&self) -> Owner {
        self.0
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        names().remove(&self.0.0);
    }
}

/// The function that polls the current one. It is current again afterwards, also after a panic.
struct Outer(Option<Owner>);

impl Drop for Outer {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}
