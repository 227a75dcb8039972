//! Waiting for several things at once, in a function whose export is synchronous.
//!
//! There is one future, the handler's, and [`block_on`] drives it. What it waits for are the host's
//! pollables; natively, anything that wakes.

#[cfg(not(target_family = "wasm"))]
pub(crate) mod native;
#[cfg(target_family = "wasm")]
mod reactor;
#[cfg(target_family = "wasm")]
mod timers;

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

#[cfg(not(target_family = "wasm"))]
pub use native::{block_on, sleep};
#[cfg(target_family = "wasm")]
pub use reactor::{Wait, block_on};
#[cfg(target_family = "wasm")]
pub use timers::sleep;

/// A future that took longer than it was given; see [`timeout`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elapsed(());

impl std::fmt::Display for Elapsed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it took longer than it was given")
    }
}

impl std::error::Error for Elapsed {}

/// Gives a future some time; when that is up, the future is dropped, which cancels what it waits
/// for.
///
/// # Errors
///
/// [`Elapsed`] when the time is up before the future is done.
pub async fn timeout<F: Future>(time: Duration, future: F) -> Result<F::Output, Elapsed> {
    let mut future = pin!(future);
    let mut time = pin!(sleep(time));
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(Ok(output));
        }
        time.as_mut().poll(cx).map(|()| Err(Elapsed(())))
    })
    .await
}

/// Awaits all of some futures at once, and returns what they did, in their order.
pub async fn join_all<I>(futures: I) -> Vec<<I::Item as Future>::Output>
where
    I: IntoIterator,
    I::Item: Future,
{
    let mut all: Vec<_> = futures
        .into_iter()
        .map(|future| Joined::Running(Box::pin(future)))
        .collect();
    poll_fn(|cx| {
        let mut running = false;
        for joined in &mut all {
            if let Joined::Running(future) = joined {
                match future.as_mut().poll(cx) {
                    Poll::Ready(output) => *joined = Joined::Done(output),
                    Poll::Pending => running = true,
                }
            }
        }
        if running {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
    .await;
    all.into_iter()
        .filter_map(|joined| match joined {
            Joined::Done(output) => Some(output),
            Joined::Running(_) => None,
        })
        .collect()
}

enum Joined<F: Future> {
    Running(std::pin::Pin<Box<F>>),
    Done(F::Output),
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    /// All of them are awaited at once, and each result is where its future was.
    #[test]
    fn join_all_keeps_the_order() {
        let slow_first = (0..3_u8).map(|place| async move {
            sleep(Duration::from_millis(u64::from(2 - place))).await;
            place
        });
        assert_eq!(block_on(join_all(slow_first)), [0, 1, 2]);
        assert!(block_on(join_all(Vec::<std::future::Ready<()>>::new())).is_empty());
    }

    /// A future that is done wins, also with no time at all; one that never is loses.
    #[test]
    fn timeout_is_the_only_loser() {
        assert_eq!(block_on(timeout(Duration::ZERO, ready(7))), Ok(7));
        let elapsed = block_on(timeout(Duration::from_millis(1), pending::<()>()));
        assert_eq!(elapsed, Err(Elapsed(())));
    }

    /// One `block_on` may run inside another.
    #[test]
    fn block_on_nests() {
        assert_eq!(block_on(async { block_on(async { 1 }) + 1 }), 2);
    }
}
