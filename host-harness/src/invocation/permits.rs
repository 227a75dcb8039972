//! A semaphore with a bounded number of waiters.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

/// A semaphore with a bounded number of waiters.
pub(crate) struct BoundedSemaphore {
    running: Semaphore,
    waiting: AtomicUsize,
    max_waiting: usize,
}

/// The queue is full.
#[derive(Debug)]
pub(crate) struct Overloaded;

pub(crate) fn semaphore(permits: u32) -> Semaphore {
    let permits = usize::try_from(permits).unwrap_or(usize::MAX);
    Semaphore::new(permits.min(Semaphore::MAX_PERMITS))
}

impl BoundedSemaphore {
    pub(crate) fn new(max_running: u32, max_waiting: usize) -> Self {
        Self {
            running: semaphore(max_running),
            waiting: AtomicUsize::new(0),
            max_waiting,
        }
    }

    /// A waiter for several permits is not overtaken by those that need fewer.
    pub(crate) async fn acquire_many(
        &self,
        permits: u32,
    ) -> Result<SemaphorePermit<'_>, Overloaded> {
        self.acquire_counted(permits, None).await
    }

    /// Like [`acquire_many`](Self::acquire_many). A waiter also counts in the queue of `other`.
    pub(crate) async fn acquire_counted(
        &self,
        permits: u32,
        other: Option<&Self>,
    ) -> Result<SemaphorePermit<'_>, Overloaded> {
        if let Ok(permit) = self.running.try_acquire_many(permits) {
            return Ok(permit);
        }
        let _others_position = other.map(Self::position).transpose()?;
        let _position = self.position()?;
        let acquired = self.running.acquire_many(permits).await;
        acquired.map_err(|_closed| Overloaded)
    }

    /// Takes a permit without waiting.
    pub(crate) fn try_acquire(&self) -> Result<SemaphorePermit<'_>, Overloaded> {
        self.running.try_acquire().map_err(|_no_permits| Overloaded)
    }

    /// How many wait at this moment.
    pub(crate) fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed) as u64
    }

    fn position(&self) -> Result<QueuePosition<'_>, Overloaded> {
        QueuePosition::take(&self.waiting, self.max_waiting)
    }
}

/// A position in a queue, freed on drop, also if its request is cancelled.
pub(crate) struct QueuePosition<'a>(&'a AtomicUsize);

impl<'a> QueuePosition<'a> {
    pub(crate) fn take(waiting: &'a AtomicUsize, max: usize) -> Result<Self, Overloaded> {
        let position = Self(waiting);
        if waiting.fetch_add(1, Ordering::Relaxed) < max {
            Ok(position)
        } else {
            Err(Overloaded)
        }
    }
}

impl Drop for QueuePosition<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    /// One runs, one waits, the third is refused. A cancelled waiter frees its position.
    #[tokio::test]
    async fn third_request_is_refused_while_one_waits() {
        let queue = BoundedSemaphore::new(1, 1);
        let running = queue.acquire_many(1).await.unwrap();
        let mut waiting = Box::pin(queue.acquire_many(1));
        assert!(waiting.as_mut().now_or_never().is_none());
        assert!(queue.acquire_many(1).await.is_err());
        drop(waiting);
        let mut waiting = Box::pin(queue.acquire_many(1));
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(running);
        assert!(waiting.await.is_ok());
    }

    /// A waiter for one semaphore also takes a position in the queue of another.
    #[tokio::test]
    async fn waiters_count_in_both_queues() {
        let host = BoundedSemaphore::new(1, 10);
        let function = BoundedSemaphore::new(10, 1);
        let _running = host.acquire_counted(1, Some(&function)).await.unwrap();
        let mut waiting = Box::pin(host.acquire_counted(1, Some(&function)));
        assert!(waiting.as_mut().now_or_never().is_none());
        assert!(host.acquire_counted(1, Some(&function)).await.is_err());
        // A function without a queue of its own still waits.
        assert!(host.acquire_many(1).now_or_never().is_none());
        drop(waiting);
        assert!(
            host.acquire_counted(1, Some(&function))
                .now_or_never()
                .is_none()
        );
    }
}
