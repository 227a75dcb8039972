//! The same natively: a thread that parks.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// Drives a future to its end on this thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
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
