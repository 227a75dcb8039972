//! Admission: limits how many invocations run at once, without deadlock.
//!
//! An invocation holds a slot of the pool while it runs, and waits for the functions that it calls.
//! If callers and callees shared one set of permits, they could deadlock. So each depth of calls
//! has its own permits. A call waits only for invocations at its own depth, which wait only for
//! deeper ones.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::invocation::CallChain;
use crate::limits::Limits;
use crate::telemetry::MAX_DEPTH;

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
    pub(super) fn new(limits: &Limits) -> Self {
        let bounded = |permits| BoundedSemaphore::new(permits, limits.queue);
        Self {
            requests: bounded(limits.concurrency.max(1)),
            depth_permits: depth_permits(limits).map(bounded).collect(),
            calls: semaphore(call_slots(limits)),
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

/// The total number of slots.
pub(super) fn total_slots(limits: &Limits) -> u32 {
    limits.concurrency.max(1).saturating_add(call_slots(limits))
}

/// The number of concurrent calls at each depth: as many as requests, halved with every further
/// depth, because fewer invocations get there.
fn depth_permits(limits: &Limits) -> impl Iterator<Item = u32> {
    let max = limits.concurrency.max(1);
    (0..limits.depth.min(MAX_DEPTH)).map(move |depth| (max >> depth).max(1))
}

fn call_slots(limits: &Limits) -> u32 {
    let depth_permits = depth_permits(limits).fold(0, u32::saturating_add);
    // Zero if calls are disabled.
    depth_permits.saturating_add(depth_permits.min(limits.concurrency.max(1)))
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

    fn limits(concurrency: u32, depth: u32) -> Limits {
        Limits {
            concurrency,
            depth,
            ..Limits::default()
        }
    }

    /// Every depth has permits, fewer the deeper, with a slot for each and some more.
    #[test]
    fn every_depth_has_permits_and_slots() {
        let of = |limits: &Limits| depth_permits(limits).collect::<Vec<_>>();
        assert_eq!(of(&limits(8, 5)), [8, 4, 2, 1, 1]);
        assert_eq!(of(&limits(1, 3)), [1, 1, 1]);
        assert_eq!(of(&limits(u32::MAX, u32::MAX)).len(), MAX_DEPTH as usize);
        for (concurrency, depth, all) in
            [(8, 5, 8 + 16 + 8), (1, 3, 1 + 3 + 1), (1, 0, 1), (0, 0, 1)]
        {
            assert_eq!(total_slots(&limits(concurrency, depth)), all);
        }
    }

    fn call(depth: u32, in_stream: bool) -> CallChain {
        CallChain { depth, in_stream }
    }

    /// Calls wait for a permit of their depth, except within a stream. A call without a slot is
    /// refused.
    #[tokio::test]
    async fn calls_wait_for_permits_of_their_depth() {
        let admission = Admission::new(&limits(1, 2));
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
        let admission = Admission::new(&limits(4, 1));
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
