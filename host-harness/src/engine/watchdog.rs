//! Detects a thread that is stuck in the poll of an invocation.
//!
//! Every invocation yields after some milliseconds. A poll that does not return is a bug of the
//! host, or blocking code of an embedder. It occupies a thread of the runtime, and soon all of
//! them. A process that has ended can be restarted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::ticker::Ticker;
use crate::telemetry::stderr;

/// The number of checks within the time limit. Counts checks instead of time, because a suspended
/// process is not stuck.
const CHECKS: u32 = 20;

/// Counts the starts and ends of polls on one thread, in steps of two. Odd within a poll.
type Polls = AtomicU64;

/// The counters of all living threads that have polled an invocation.
static THREADS: Mutex<Vec<Weak<Polls>>> = Mutex::new(Vec::new());

thread_local! {
    static POLLS: Arc<Polls> = {
        let polls = Arc::new(Polls::new(0));
        let mut threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
        threads.push(Arc::downgrade(&polls));
        polls
    };
}

/// Polls under the watchdog. Polls may nest.
pub(super) fn watched<T>(poll: impl FnOnce() -> T) -> T {
    let _poll = POLLS.try_with(WatchedPoll::begin).ok();
    poll()
}

struct WatchedPoll {
    nested: u64,
}

impl WatchedPoll {
    fn begin(polls: &Arc<Polls>) -> Self {
        // No other thread writes this counter.
        let before = polls.load(Ordering::Relaxed);
        polls.store((before + 2) | 1, Ordering::Relaxed);
        Self { nested: before & 1 }
    }
}

impl Drop for WatchedPoll {
    fn drop(&mut self) {
        let _ = POLLS.try_with(|polls| {
            let now = polls.load(Ordering::Relaxed);
            // A new number: the outer poll has made progress.
            polls.store(((now + 2) & !1) | self.nested, Ordering::Relaxed);
        });
    }
}

/// Aborts the process once a thread has been in one poll for this long.
pub(super) fn start(after: Duration) -> std::io::Result<Ticker> {
    let mut observer = Observer::default();
    Ticker::start("functions-watchdog", after / CHECKS, move || {
        if observer.check() > CHECKS {
            abort(after);
        }
        Some(())
    })
}

/// The polls seen at the last check, and for how many checks in a row.
#[derive(Default)]
struct Observer {
    seen: Vec<(Weak<Polls>, u64, u32)>,
}

impl Observer {
    /// Checks all threads. Returns how many checks in a row the longest poll was seen.
    fn check(&mut self) -> u32 {
        let before = std::mem::take(&mut self.seen);
        let mut threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
        threads.retain(|thread| thread.strong_count() > 0);
        for thread in threads.iter() {
            let Some(now) = thread.upgrade().map(|polls| polls.load(Ordering::Relaxed)) else {
                continue;
            };
            if now & 1 == 0 {
                continue;
            }
            let same = |seen: &&(Weak<Polls>, u64, u32)| seen.0.ptr_eq(thread) && seen.1 == now;
            let times = before.iter().find(same).map_or(0, |seen| seen.2);
            self.seen.push((Weak::clone(thread), now, times + 1));
        }
        self.seen.iter().map(|seen| seen.2).max().unwrap_or(0)
    }
}

/// Reports why, and aborts the process. Does not wait for the report, because its reader may be
/// stuck.
fn abort(after: Duration) -> ! {
    stderr::write_error(&format!(
        "a thread has been stuck in a function for {after:?}; aborting the process. Please report this \
         with a core dump. --watchdog sets the time"
    ));
    stderr::flush(stderr::FLUSH);
    std::process::abort()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many checks in a row saw this thread in the same poll.
    fn times(observer: &mut Observer) -> u32 {
        observer.check();
        let this = POLLS.with(Arc::downgrade);
        let seen = observer.seen.iter().find(|seen| seen.0.ptr_eq(&this));
        seen.map_or(0, |seen| seen.2)
    }

    /// The count rises only within one poll. An inner poll that ends shows progress of the outer
    /// one.
    #[test]
    fn only_one_long_poll_is_counted() {
        let mut observer = Observer::default();
        assert_eq!(times(&mut observer), 0);
        watched(|| {
            assert_eq!((times(&mut observer), times(&mut observer)), (1, 2));
            watched(|| assert_eq!(times(&mut observer), 1));
            assert_eq!((times(&mut observer), times(&mut observer)), (1, 2));
        });
        assert_eq!(times(&mut observer), 0);
        for _ in 0..3 {
            watched(|| assert_eq!(times(&mut observer), 1));
        }
    }
}
