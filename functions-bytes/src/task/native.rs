//! The same natively: a thread that parks.

use std::cell::Cell;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

thread_local! {
    static WAITS: Cell<u64> = const { Cell::new(0) };
}

/// How often this thread has waited, in [`block_on`], for something that was not there.
#[must_use]
pub fn waits() -> u64 {
    WAITS.get()
}

/// Drives a future to its end on this thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let unpark = Arc::new(Unpark {
        thread: thread::current(),
        woken: AtomicBool::new(false),
    });
    let waker = Waker::from(Arc::clone(&unpark));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        if !unpark.woken.swap(false, Ordering::Acquire) {
            WAITS.set(WAITS.get() + 1);
            while !unpark.woken.swap(false, Ordering::Acquire) {
                thread::park();
            }
        }
    }
}

struct Unpark {
    thread: Thread,
    /// Whether the future was woken since it was polled.
    woken: AtomicBool,
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// Waits for some time.
pub async fn sleep(time: Duration) {
    let Some(end) = Instant::now().checked_add(time) else {
        return std::future::pending().await;
    };
    let mut asleep = false;
    std::future::poll_fn(|cx| {
        if Instant::now() >= end {
            return Poll::Ready(());
        }
        if !asleep {
            asleep = true;
            let waker = cx.waker().clone();
            thread::spawn(move || {
                thread::sleep(end.saturating_duration_since(Instant::now()));
                waker.wake();
            });
        }
        Poll::Pending
    })
    .await;
}
