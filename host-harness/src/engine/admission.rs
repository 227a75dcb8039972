//! Admission: limits how many invocations run at once, without deadlock.
//!
//! An invocation holds a slot of the pool while it runs, and waits for the functions that it calls.
//! If callers and callees shared one set of permits, they could deadlock. So each depth of calls
//! has its own permits. A call waits only for invocations at its own depth, which wait only for
//! deeper ones.

use tokio::sync::{Semaphore, SemaphorePermit};

use super::capacity::Capacity;
use crate::invocation::permits::{BoundedSemaphore, Overloaded, semaphore};
use crate::invocation::{CallChain, FunctionContext};
use crate::telemetry::metrics::QueueLengths;

/// Takes a permit of the function, if it has a limit of its own.
///
/// A request waits for it before it takes anything of the host. A call never waits: its caller may hold
/// the permit that it would wait for, or wait for a function that does.
pub(super) async fn acquire_function_permit(
    function: &FunctionContext,
    call_chain: CallChain,
) -> Result<Option<SemaphorePermit<'_>>, Overloaded> {
    match &function.permits {
        None => Ok(None),
        Some(permits) if call_chain.depth == 0 => permits.acquire_many(1).await.map(Some),
        Some(permits) => permits.try_acquire().map(Some),
    }
}

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

    /// What waits at this moment.
    pub(super) fn queue_lengths(&self) -> QueueLengths {
        let calls = self.depth_permits.iter();
        QueueLengths {
            requests: self.requests.waiting(),
            calls: calls.map(BoundedSemaphore::waiting).sum(),
        }
    }

    /// Takes one slot for each of a function's memories, all at once. A call that has its permit
    /// either gets them immediately or is refused. A request that waits also counts in its function's
    /// own queue.
    pub(super) async fn acquire_slot(
        &self,
        call_chain: CallChain,
        memories: u32,
        function: Option<&BoundedSemaphore>,
    ) -> Result<SemaphorePermit<'_>, Overloaded> {
        match call_chain.depth {
            0 => self.requests.acquire_counted(memories, function).await,
            _ => self
                .calls
                .try_acquire_many(memories)
                .map_err(|_no_permits| Overloaded),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::limits::Limits;

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
            taken.push(
                admission
                    .acquire_slot(call(1, true), 1, None)
                    .await
                    .unwrap(),
            );
        }
        assert!(
            admission
                .acquire_slot(call(1, true), 1, None)
                .await
                .is_err()
        );
        assert!(
            admission
                .acquire_slot(call(0, false), 1, None)
                .await
                .is_ok()
        );
    }

    /// A function with several memories takes as many slots, and waits until they are free.
    #[tokio::test]
    async fn several_memories_take_several_slots() {
        let admission = admission(4, 1);
        let request = |memories| admission.acquire_slot(call(0, false), memories, None);
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
        let _call = admission
            .acquire_slot(call(1, true), 6, None)
            .await
            .unwrap();
        assert!(
            admission
                .acquire_slot(call(1, true), 3, None)
                .await
                .is_err()
        );
        assert!(admission.acquire_slot(call(1, true), 2, None).await.is_ok());
    }
}
