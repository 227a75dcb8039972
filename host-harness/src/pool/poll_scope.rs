//! One poll of one function, on one thread.
//!
//! Whose slots to take, and whether two moments lie within the same poll, are asked of the thread, since
//! wasmtime takes a memory or a stack without saying for whom.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

use super::owner::Owner;

/// Polls that a thread may number before another thread's numbers begin: more than it can make.
const NUMBERS: u64 = 1 << 44;

static THREADS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static NEXT: Cell<u64> = Cell::new(THREADS.fetch_add(NUMBERS, Ordering::Relaxed));
    static CURRENT: Cell<Poll> = const { Cell::new(Poll { number: None, owner: None }) };
}

#[derive(Clone, Copy)]
struct Poll {
    /// No two polls have the same number, on any thread.
    number: Option<u64>,
    owner: Option<Owner>,
}

/// The poll of a function's future, while this lives. Scopes nest, and the outer one continues when the
/// inner one is dropped, also by a panic.
#[must_use]
pub(crate) struct PollScope {
    outer: Poll,
}

impl PollScope {
    pub(crate) fn enter(owner: Owner) -> Self {
        let number = NEXT.with(|next| next.replace(next.get() + 1));
        let outer = CURRENT.replace(Poll {
            number: Some(number),
            owner: Some(owner),
        });
        Self { outer }
    }

    /// The number of the current poll; `None` outside of one, and while the thread ends.
    pub(super) fn number() -> Option<u64> {
        CURRENT.try_with(Cell::get).ok()?.number
    }

    /// The function that is polled on this thread; `None` where the host does not say, and then a slot
    /// is treated as another function's.
    pub(crate) fn owner() -> Option<Owner> {
        CURRENT.try_with(Cell::get).ok()?.owner
    }
}

impl Drop for PollScope {
    fn drop(&mut self) {
        CURRENT.set(self.outer);
    }
}
