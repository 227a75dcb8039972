//! What runs on a connection, so that it is not closed under a request.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

/// The requests of one connection whose heads have arrived.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    running: AtomicUsize,
    /// How many have begun in all: tells that there was one in the meantime.
    begun: AtomicUsize,
    /// None runs any more. Only one may wait for it.
    over: Notify,
}

/// A request that runs, or what is left of one. It has ended when all clones are dropped.
#[derive(Debug)]
pub(crate) struct Running(Arc<Requests>);

impl Requests {
    pub(crate) fn begin(self: &Arc<Self>) -> Running {
        self.running.fetch_add(1, Ordering::SeqCst);
        self.begun.fetch_add(1, Ordering::SeqCst);
        Running(Arc::clone(self))
    }

    #[cfg(test)]
    pub(crate) fn is_quiet(&self) -> bool {
        self.running.load(Ordering::SeqCst) == 0
    }

    /// Waits until none has run for so long.
    pub(crate) async fn quiet(&self, pause: Duration) {
        loop {
            let begun = self.begun.load(Ordering::SeqCst);
            if self.running.load(Ordering::SeqCst) > 0 {
                self.over.notified().await;
                continue;
            }
            sleep(pause).await;
            if self.begun.load(Ordering::SeqCst) == begun {
                return;
            }
        }
    }
}

impl Clone for Running {
    fn clone(&self) -> Self {
        self.0.running.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(&self.0))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.running.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.over.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use tokio::time::Instant;

    use super::*;

    const PAUSE: Duration = Duration::from_secs(1);

    /// It is quiet a pause after the last part of the last request, and no sooner for those that began
    /// and ended within the pause.
    #[tokio::test(start_paused = true)]
    async fn quiet_after_the_last() {
        let requests = Arc::new(Requests::default());
        let begun = Instant::now();
        requests.quiet(PAUSE).await;
        assert_eq!(begun.elapsed(), PAUSE);

        let one = requests.begin();
        let part = one.clone();
        drop(one);
        let mut quiet = Box::pin(requests.quiet(PAUSE));
        for _ in 0..2 {
            assert!((&mut quiet).now_or_never().is_none());
            sleep(2 * PAUSE).await;
        }
        drop(part);
        let ended = Instant::now();
        assert!((&mut quiet).now_or_never().is_none());
        sleep(PAUSE / 2).await;
        drop(requests.begin());
        quiet.await;
        assert_eq!(ended.elapsed(), 2 * PAUSE);
    }
}
