use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

/// Bounds how many invocations run at once, and how many wait for their turn.
pub(super) struct Permits {
    running: Semaphore,
    waiting: AtomicUsize,
    max_waiting: usize,
}

/// There are as many waiting as may.
#[derive(Debug)]
pub(super) struct Full;

impl Permits {
    pub(super) fn new(max_running: u32, max_waiting: usize) -> Self {
        let max_running = usize::try_from(max_running.max(1)).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            running: Semaphore::new(max_running),
            waiting: AtomicUsize::new(0),
            max_waiting,
        }
    }

    pub(super) async fn acquire(&self) -> Result<SemaphorePermit<'_>, Full> {
        if let Ok(permit) = self.running.try_acquire() {
            return Ok(permit);
        }
        let _place = Place::take(&self.waiting, self.max_waiting)?;
        self.running.acquire().await.map_err(|_closed| Full)
    }
}

/// A place in the queue, given back when it is dropped: also when its request goes away.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize, max: usize) -> Result<Self, Full> {
        let place = Self(waiting);
        if waiting.fetch_add(1, Ordering::Relaxed) < max {
            Ok(place)
        } else {
            Err(Full)
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    /// One runs, one waits, the third is turned away; a place that is left is free again.
    #[tokio::test]
    async fn bounds_running_and_waiting() {
        let permits = Permits::new(1, 1);
        let running = permits.acquire().await.unwrap();
        let mut waiting = Box::pin(permits.acquire());
        assert!(waiting.as_mut().now_or_never().is_none());
        assert!(permits.acquire().await.is_err());
        drop(waiting);
        let mut waiting = Box::pin(permits.acquire());
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(running);
        assert!(waiting.await.is_ok());
    }
}
