//! One poll of one function, on one thread.
//!
//! Wasmtime asks for a memory or a stack without naming the function. So the owner of a slot, and
//! whether two moments lie within one poll, are kept per thread.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

use super::owner::Owner;

/// The poll numbers reserved per thread: more than a thread can use.
const NUMBERS_PER_THREAD: u64 = 1 << 44;

static THREADS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static NEXT: Cell<u64> = Cell::new(THREADS.fetch_add(NUMBERS_PER_THREAD, Ordering::Relaxed));
    static CURRENT: Cell<Poll> = const { Cell::new(Poll { number: None, owner: None }) };
}

#[derive(Clone, Copy)]
struct Poll {
    /// Unique among all polls of all threads.
    number: Option<u64>,
    owner: Option<Owner>,
}

/// The current poll of a function's future, until this is dropped.
///
/// Scopes nest. The outer one continues when the inner one is dropped, also by a panic.
#[must_use]
pub(crate) struct SlotScope {
    outer: Poll,
}

impl SlotScope {
    pub(crate) fn enter(owner: Owner) -> Self {
        let number = NEXT.with(|next| next.replace(next.get() + 1));
        let outer = CURRENT.replace(Poll {
            number: Some(number),
            owner: Some(owner),
        });
        Self { outer }
    }

    /// The number of the current poll; `None` outside a poll, and while the thread ends.
    pub(super) fn number() -> Option<u64> {
        CURRENT.try_with(Cell::get).ok()?.number
    }

    /// The function polled on this thread. `None` if the host names none: a slot then counts as
    /// another function's.
    pub(crate) fn owner() -> Option<Owner> {
        CURRENT.try_with(Cell::get).ok()?.owner
    }
}

impl Drop for SlotScope {
    fn drop(&mut self) {
        CURRENT.set(self.outer);
    }
}
