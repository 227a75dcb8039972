//! CPU time of an invocation, apart from the time it waits.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

thread_local! {
    /// The invocation that this thread is running right now.
    static RUNNING: Cell<Option<Stretch>> = const { Cell::new(None) };
}

/// A stretch of computing: since when, and how much there was before.
#[derive(Clone, Copy)]
struct Stretch {
    since: Instant,
    before: Duration,
}

/// What the invocation that this thread is running has used so far.
pub(super) fn used() -> Duration {
    RUNNING.get().map_or(Duration::ZERO, |stretch| {
        stretch.before + stretch.since.elapsed()
    })
}

/// A future whose time in `poll` is counted, and can be asked for from inside.
#[must_use]
pub(super) struct Metered<F> {
    future: F,
    used: Duration,
}

impl<F> Metered<F> {
    pub(super) fn new(future: F) -> Self {
        Self {
            future,
            used: Duration::ZERO,
        }
    }
}

impl<F: Future + Unpin> Future for Metered<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Self { future, used } = &mut *self;
        let _turn = Turn::begin(used);
        Pin::new(future).poll(cx)
    }
}

/// One poll. It ends with this, also by a panic: who called may go on.
struct Turn<'a> {
    used: &'a mut Duration,
    begun: Instant,
    outer: Option<Stretch>,
}

impl<'a> Turn<'a> {
    fn begin(used: &'a mut Duration) -> Self {
        let begun = Instant::now();
        let outer = RUNNING.replace(Some(Stretch {
            since: begun,
            before: *used,
        }));
        Self { used, begun, outer }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let ended = Instant::now();
        // One that was called by another ran in the other's stretch, which is not the other's time.
        let outer = self.outer.map(|outer| Stretch {
            since: outer.since + (ended - self.begun),
            ..outer
        });
        if let Some(own) = RUNNING.replace(outer) {
            *self.used = own.before + ended.saturating_duration_since(own.since);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::panic::AssertUnwindSafe;

    use futures_util::FutureExt as _;

    use super::*;

    fn spin(duration: Duration) {
        let start = Instant::now();
        while start.elapsed() < duration {}
    }

    /// Computing counts, over several polls; waiting does not.
    #[tokio::test(start_paused = true)]
    async fn waiting_is_not_computing() {
        let spun = Duration::from_millis(5);
        let used = Metered::new(Box::pin(async {
            spin(spun);
            tokio::time::sleep(Duration::from_secs(3600)).await;
            spin(spun);
            used()
        }))
        .await;
        assert!(
            used >= spun * 2 && used < Duration::from_secs(60),
            "{used:?}"
        );
        assert_eq!(super::used(), Duration::ZERO);
    }

    /// One that panics leaves the other its time.
    #[tokio::test]
    async fn a_panic_ends_a_turn() {
        let spun = Duration::from_millis(20);
        let outer = Metered::new(Box::pin(async {
            spin(spun);
            let mut inner = Metered::new(Box::pin(async { panic!("on purpose") }));
            let polled = AssertUnwindSafe(poll_fn(|cx| Pin::new(&mut inner).poll(cx)));
            let panicked: Result<(), _> = polled.catch_unwind().await;
            assert!(panicked.is_err());
            tokio::task::yield_now().await;
            used()
        }))
        .await;
        assert!(outer >= spun, "{outer:?}");
    }

    /// What is polled inside another is charged its own time, and the other is not.
    #[tokio::test]
    async fn nested_time_is_the_inner_ones() {
        let spun = Duration::from_millis(20);
        let begun = Instant::now();
        let (inner, outer) = Metered::new(Box::pin(async {
            let inner = Metered::new(Box::pin(async {
                spin(spun);
                tokio::task::yield_now().await;
                spin(spun);
                used()
            }))
            .await;
            (inner, used())
        }))
        .await;
        assert!(inner >= spun * 2, "{inner:?}");
        assert!(inner + outer <= begun.elapsed(), "{inner:?} and {outer:?}");
    }
}
