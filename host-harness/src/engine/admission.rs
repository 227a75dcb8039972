//! How many invocations run at once, so that none waits for itself.
//!
//! An invocation holds a place of the pool while it runs, and waits for those that it calls. Would
//! both wait for the same places, they could wait for each other for ever. So there is a turn to
//! take for every depth of calls: who waits for one waits only for invocations of that depth to
//! answer, and those only for deeper ones.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::invocation::CallChain;
use crate::limits::Limits;
use crate::telemetry::MAX_DEPTH;

/// The places of the pool, and the turns to take one.
pub(super) struct Admission {
    /// Places for requests to the host, each until its function has ended.
    requests: BoundedSemaphore,
    /// Turns of calls, the first for those that a request's function makes: each until the call is
    /// answered, or its answer has begun.
    depth_permits: Box<[BoundedSemaphore]>,
    /// Places for calls, each until its function has ended. As many as there are turns, and more for
    /// the answers that have begun: without those, no turn is worth anything.
    calls: Semaphore,
}

impl Admission {
    pub(super) fn new(limits: &Limits) -> Self {
        let queue = |running| BoundedSemaphore::new(running, limits.queue);
        Self {
            requests: queue(limits.concurrency.max(1)),
            depth_permits: depth_permits(limits).map(queue).collect(),
            calls: semaphore(call_slots(limits)),
        }
    }

    /// Waits until an invocation is to run.
    pub(super) async fn acquire_depth_permit(
        &self,
        call_chain: CallChain,
    ) -> Result<Option<SemaphorePermit<'_>>, Overloaded> {
        let depth = usize::try_from(call_chain.depth).unwrap_or(usize::MAX);
        // What a stream calls has its turn at once: who reads the stream may hold the one that it
        // would wait for.
        match depth
            .checked_sub(1)
            .and_then(|call| self.depth_permits.get(call))
        {
            Some(depth_permits) if !call_chain.in_stream => {
                depth_permits.acquire_many(1).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Takes a place for each of a function's memories, all at once; for a call, whose turn it is,
    /// there are as many or there are not.
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
                .map_err(|_none| Overloaded),
        }
    }
}

/// How many places there are in all.
pub(super) fn total_slots(limits: &Limits) -> u32 {
    limits.concurrency.max(1).saturating_add(call_slots(limits))
}

/// How many calls of each depth run at once: as many as requests, and half as many with every
/// further depth, which fewer of them reach.
fn depth_permits(limits: &Limits) -> impl Iterator<Item = u32> {
    let most = limits.concurrency.max(1);
    (0..limits.depth.min(MAX_DEPTH)).map(move |depth| (most >> depth).max(1))
}

fn call_slots(limits: &Limits) -> u32 {
    let depth_permits = depth_permits(limits).fold(0, u32::saturating_add);
    // None where there are no calls.
    depth_permits.saturating_add(depth_permits.min(limits.concurrency.max(1)))
}

/// Bounds how many run at once, and how many wait for their turn.
struct BoundedSemaphore {
    running: Semaphore,
    waiting: AtomicUsize,
    max_waiting: usize,
}

/// There are as many waiting as may.
#[derive(Debug)]
pub(super) struct Overloaded;

fn semaphore(admission: u32) -> Semaphore {
    let admission = usize::try_from(admission).unwrap_or(usize::MAX);
    Semaphore::new(admission.min(Semaphore::MAX_PERMITS))
}

impl BoundedSemaphore {
    fn new(max_running: u32, max_waiting: usize) -> Self {
        Self {
            running: semaphore(max_running),
            waiting: AtomicUsize::new(0),
            max_waiting,
        }
    }

    /// Whoever waits for several is not overtaken by those that need one.
    async fn acquire_many(&self, admission: u32) -> Result<SemaphorePermit<'_>, Overloaded> {
        if let Ok(permit) = self.running.try_acquire_many(admission) {
            return Ok(permit);
        }
        let _position = QueuePosition::take(&self.waiting, self.max_waiting)?;
        let acquired = self.running.acquire_many(admission).await;
        acquired.map_err(|_closed| Overloaded)
    }
}

/// A place in the queue, given back when it is dropped: also when its request goes away.
struct QueuePosition<'a>(&'a AtomicUsize);

impl<'a> QueuePosition<'a> {
    fn take(waiting: &'a AtomicUsize, max: usize) -> Result<Self, Overloaded> {
        let place = Self(waiting);
        if waiting.fetch_add(1, Ordering::Relaxed) < max {
            Ok(place)
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

    /// One runs, one waits, the third is turned away; a place that is left is free again.
    #[tokio::test]
    async fn bounds_running_and_waiting() {
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

    /// There is a turn at every depth, fewer the deeper, and a place for each of them and more.
    #[test]
    fn places_for_every_depth() {
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

    /// A call waits for its turn, and has it at once where a stream makes it; one without a place is
    /// turned away.
    #[tokio::test]
    async fn turns_are_of_a_depth() {
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

    /// A function with several memories takes as many places, and waits until there are as many.
    #[tokio::test]
    async fn several_memories_take_several_places() {
        let admission = Admission::new(&limits(4, 1));
        let request = |memories| admission.acquire_slot(call(0, false), memories);
        let first = request(3).await.unwrap();
        assert!(request(2).now_or_never().is_none());
        let second = request(1).now_or_never().unwrap().unwrap();
        let mut waiting = Box::pin(request(2));
        assert!(waiting.as_mut().now_or_never().is_none());
        // No place for one who comes later, although it would need only what is left.
        drop(second);
        assert!(request(1).now_or_never().is_none());
        drop(first);
        assert!(waiting.await.is_ok());
        // Of calls, there are 8 places.
        let _call = admission.acquire_slot(call(1, true), 6).await.unwrap();
        assert!(admission.acquire_slot(call(1, true), 3).await.is_err());
        assert!(admission.acquire_slot(call(1, true), 2).await.is_ok());
    }
}
