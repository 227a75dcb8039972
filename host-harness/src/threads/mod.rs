//! Threads: a number for what each has a copy of, and a priority for what can wait.

pub(crate) mod priority;

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

thread_local! {
    static NUMBER: Cell<Option<usize>> = const { Cell::new(None) };
}

/// This thread's number. Threads count from 0, in the order in which they first ask. A thread that ends
/// shares number 0, for values that are dropped then.
pub(crate) fn number() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.try_with(|number| {
        number.get().unwrap_or_else(|| {
            let next = THREADS.fetch_add(1, Ordering::Relaxed);
            number.set(Some(next));
            next
        })
    });
    number.unwrap_or(0)
}
