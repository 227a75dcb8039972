//! Notices a thread that does not come back from the poll of an invocation.
//!
//! Everything that an invocation does yields after some milliseconds; what does not is a fault of the
//! host's, or code of an embedder's that blocks. It would take a thread of the runtime with it, and soon
//! all of them: a process that has ended can be started again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::ticker::Ticker;
use crate::telemetry::stderr;

/// How often the threads are looked at within the time that they have. Looks count, and not the clock:
/// a process that was stopped is not one that hangs.
const LOOKS: u32 = 20;

/// Whether a thread is in a poll. Counts up in steps of two as one begins or ends; odd within one.
type Polls = AtomicU64;

/// Of all threads that have polled an invocation, and are there still.
static THREADS: Mutex<Vec<Weak<Polls>>> = Mutex::new(Vec::new());

thread_local! {
    static HERE: Arc<Polls> = {
        let polls = Arc::new(Polls::new(0));
        let mut threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
        threads.push(Arc::downgrade(&polls));
        polls
    };
}

/// Polls where the watchdog sees it. One may be within another.
pub(super) fn watched<T>(poll: impl FnOnce() -> T) -> T {
    let _poll = HERE.try_with(Poll::begin).ok();
    poll()
}

struct Poll {
    within: u64,
}

impl Poll {
    fn begin(polls: &Arc<Polls>) -> Self {
        // No other thread writes.
        let before = polls.load(Ordering::Relaxed);
        polls.store((before + 2) | 1, Ordering::Relaxed);
        Self { within: before & 1 }
    }
}

impl Drop for Poll {
    fn drop(&mut self) {
        let _ = HERE.try_with(|polls| {
            let now = polls.load(Ordering::Relaxed);
            // Another number than within: what goes on around it is not the same.
            polls.store(((now + 2) & !1) | self.within, Ordering::Relaxed);
        });
    }
}

/// Ends the process once a thread was in one poll for that long.
pub(super) fn start(after: Duration) -> std::io::Result<Ticker> {
    let mut watch = Watch::default();
    Ticker::start("functions-watchdog", after / LOOKS, move || {
        if watch.look() > LOOKS {
            end(after);
        }
        Some(())
    })
}

/// What was seen of each thread, and how often in a row.
#[derive(Default)]
struct Watch {
    seen: Vec<(Weak<Polls>, u64, u32)>,
}

impl Watch {
    /// How often in a row a thread was seen in the same poll: of all threads, the most.
    fn look(&mut self) -> u32 {
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

/// Says why, and ends the process, whatever becomes of what was said: who reads it may be what hangs.
fn end(after: Duration) -> ! {
    stderr::write_error(&format!(
        "a thread has not come back from a function for {after:?}, and never should have taken so \
         long: ending the process. Please report this with a core dump; --watchdog sets the time"
    ));
    stderr::flush(stderr::FLUSH);
    std::process::abort()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often this thread was seen in the same poll.
    fn times(watch: &mut Watch) -> u32 {
        watch.look();
        let this = HERE.with(Arc::downgrade);
        let seen = watch.seen.iter().find(|seen| seen.0.ptr_eq(&this));
        seen.map_or(0, |seen| seen.2)
    }

    /// A poll counts as long as it is the same; one that ends within it shows that the thread goes on.
    #[test]
    fn one_poll_is_told_from_many() {
        let mut watch = Watch::default();
        assert_eq!(times(&mut watch), 0);
        watched(|| {
            assert_eq!((times(&mut watch), times(&mut watch)), (1, 2));
            watched(|| assert_eq!(times(&mut watch), 1));
            assert_eq!((times(&mut watch), times(&mut watch)), (1, 2));
        });
        assert_eq!(times(&mut watch), 0);
        for _ in 0..3 {
            watched(|| assert_eq!(times(&mut watch), 1));
        }
    }
}
