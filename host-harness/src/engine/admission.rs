//! Admission: limits how many invocations run at once, without deadlock.
//!
//! An invocation holds a slot of the pool while it runs, and waits for the functions that it calls.
//! If callers and callees shared one set of permits, they could deadlock. So each depth of calls
//! has its own permits. A call waits only for invocations at its own depth, which wait only for
//! deeper ones.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::capacity::Capacity;
use crate::invocation::CallChain;

/// The slots of the pool, and the permits to wait for one.
pub(super) struct Admission {
    /// Slots of requests, each held until its function ends.
    requests: BoundedSemaphore,
    /// Permits for calls, by depth, starting with those of a request's function. Each is held until
    /// the call has a response, or has started one.
    depth_permits: Box<[BoundedSemaphore]>,
    /// Slots of calls, each held until its function ends. There is one per permit, and more for
    /// started responses, so that a permit guarantees a slot.
    calls: Semaphore,
}

impl Admission {
    /// With permits and slots for `capacity`, and `max_waiting` waiters for each kind.
    pub(super) fn new(capacity: &Capacity, max_waiting: usize) -> Self {
        let bounded = |permits| BoundedSemaphore::new(permits, max_waiting);
        Self {
            requests: bounded(capacity.requests),
            depth_permits: capacity.calls.iter().copied().map(bounded).collect(),
            calls: semaphore(capacity.call_slots),
        }
    }

    /// Waits until the invocation may run.
    pub(super) async fn acquire_depth_permit(
        &self,
        call_chain: CallChain,
    ) -> Result<Option<SemaphorePermit<'_>>, Overloaded> {
        let depth = usize::try_from(call_chain.depth).unwrap_or(usize::MAX);
        // Calls within a stream need no permit: the reader of the stream may hold the permit that
        // such a call would wait for.
        match depth
            .checked_sub(1)
            .and_then(|index| self.depth_permits.get(index))
        {
            Some(depth_permits) if !call_chain.in_stream => {
                depth_permits.acquire_many(1).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Takes one slot for each of a function's memories, all at once. A call that has its permit
    /// either gets them immediately or is refused.
    pub(super) async fn acquire_slot(
        &self,
        call_chain: CallChain,
        memories: u32,
    ) -> Result<SemaphorePermit<'_>, Overloaded> {
        match call_chain.depth {
            0 => self.requests.acquire_many(memories).await,
            _ => self
                .calls
                .try_acquire_many(memories)
                .map_err(|_no_permits| Overloaded),
        }
    }
}

/// A semaphore with a bounded number of waiters.
struct BoundedSemaphore {
    running: Semaphore,
    waiting: AtomicUsize,
    max_waiting: usize,
}

/// The queue is full.
#[derive(Debug)]
pub(super) struct Overloaded;

fn semaphore(permits: u32) -> Semaphore {
    let permits = usize::try_from(permits).unwrap_or(usize::MAX);
    Semaphore::new(permits.min(Semaphore::MAX_PERMITS))
}

impl BoundedSemaphore {
    fn new(max_running: u32, max_waiting: usize) -> Self {
        Self {
            running: semaphore(max_running),
            waiting: AtomicUsize::new(0),
            max_waiting,
        }
    }

    /// A waiter for several permits is not overtaken by those that need fewer.
    async fn acquire_many(&self, permits: u32) -> Result<SemaphorePermit<'_>, Overloaded> {
        if let Ok(permit) = self.running.try_acquire_many(permits) {
            return Ok(permit);
        }
        let _position = QueuePosition::take(&self.waiting, self.max_waiting)?;
        let acquired = self.running.acquire_many(permits).await;
        acquired.map_err(|_closed| Overloaded)
    }
}

/// A position in the queue, freed on drop, also if its request is cancelled.
struct QueuePosition<'a>(&'a AtomicUsize);

impl<'a> QueuePosition<'a> {
    fn take(waiting: &'a AtomicUsize, max: usize) -> Result<Self, Overloaded> {
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
    use crate::limits::Limits;

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

    fn admission(concurrency: u32, depth: u32) -> Admission {
        let limits = Limits {
            concurrency,
            depth,
            ..Limits::default()
        };
        Admission::new(&Capacity::of(&limits), limits.queue)
    }

    fn call(depth: u32, in_stream: bool) -> CallChain {
        CallChain { depth, in_stream }
    }

    /// Calls wait for a permit of their depth, except within a stream. A call without a slot is
    /// refused.
    #[tokio::test]
    async fn calls_wait_for_permits_of_their_depth() {
        let admission = admission(1, 2);
        let _first = admission
            .acquire_depth_permit(call(1, false))
            .await
            .unwrap();
        assert!(
            admission
                .acquire_depth_permit(call(1, false))
                .now_or_never()
                .is_none()
        );
        assert!(
            admission
                .acquire_depth_permit(call(2, false))
                .now_or_never()
                .is_some()
        );
        assert!(
            admission
                .acquire_depth_permit(call(1, true))
                .now_or_never()
                .is_some()
        );
        let mut taken = Vec::new();
        for _ in 0..3 {
            taken.push(admission.acquire_slot(call(1, true), 1).await.unwrap());
        }
        assert!(admission.acquire_slot(call(1, true), 1).await.is_err());
        assert!(admission.acquire_slot(call(0, false), 1).await.is_ok());
    }

    /// A function with several memories takes as many slots, and waits until they are free.
    #[tokio::test]
    async fn several_memories_take_several_slots() {
        let admission = admission(4, 1);
        let request = |memories| admission.acquire_slot(call(0, false), memories);
        let first = request(3).await.unwrap();
        assert!(request(2).now_or_never().is_none());
        let second = request(1).now_or_never().unwrap().unwrap();
        let mut waiting = Box::pin(request(2));
        assert!(waiting.as_mut().now_or_never().is_none());
        // A later request does not overtake, although the free slots would be enough for it.
        drop(second);
        assert!(request(1).now_or_never().is_none());
        drop(first);
        assert!(waiting.await.is_ok());
        // Calls have 8 slots.
        let _call = admission.acquire_slot(call(1, true), 6).await.unwrap();
        assert!(admission.acquire_slot(call(1, true), 3).await.is_err());
        assert!(admission.acquire_slot(call(1, true), 2).await.is_ok());
    }
}
