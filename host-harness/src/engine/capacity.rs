//! An engine's capacity, computed once from its limits.

use crate::limits::Limits;
use crate::telemetry::MAX_DEPTH;

/// The sizes of the pool, of admission and of the list of idle instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Capacity {
    /// Requests to the host that run at once.
    pub(super) requests: u32,
    /// Calls that run at once at each depth, the first depth first: as many as requests, and half as many at each
    /// further depth, which fewer calls reach.
    pub(super) calls: Box<[u32]>,
    /// Slots of calls: one for each call that runs, and as many again, up to the requests, for those that have
    /// started to stream.
    pub(super) call_slots: u32,
    /// Idle instances. They have slots besides those of what runs, and never more than those.
    pub(super) idle: u32,
    /// Further slots, for the trial run of a function that is being loaded.
    spare: u32,
}

impl Capacity {
    pub(super) fn of(limits: &Limits) -> Self {
        let requests = limits.concurrency.max(1);
        let depths = 0..limits.depth.min(MAX_DEPTH);
        let calls: Box<[u32]> = depths.map(|depth| (requests >> depth).max(1)).collect();
        let running = calls.iter().copied().fold(0, u32::saturating_add);
        // None without calls.
        let call_slots = running.saturating_add(running.min(requests));
        Self {
            idle: limits
                .idle_instances
                .min(requests.saturating_add(call_slots)),
            spare: limits.memories.saturating_sub(1),
            requests,
            calls,
            call_slots,
        }
    }

    /// Slots of requests and calls.
    pub(super) fn slots(&self) -> u32 {
        self.requests.saturating_add(self.call_slots)
    }

    /// Slots of a pool that has idle instances besides what runs.
    pub(super) fn pool_slots(&self) -> u32 {
        self.slots()
            .saturating_add(self.idle)
            .saturating_add(self.spare)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(concurrency: u32, depth: u32) -> Capacity {
        Capacity::of(&Limits {
            concurrency,
            depth,
            ..Limits::default()
        })
    }

    /// Each depth has half the calls of the one before, and at least one.
    #[test]
    fn calls_halve_with_each_depth() {
        assert_eq!(*of(8, 5).calls, [8, 4, 2, 1, 1]);
        assert_eq!(*of(1, 3).calls, [1, 1, 1]);
        assert_eq!(of(u32::MAX, u32::MAX).calls.len(), MAX_DEPTH as usize);
    }

    /// Each call has a slot, and a streamed answer may keep one besides, up to as many as there are requests.
    #[test]
    fn calls_and_their_streams_have_slots() {
        for (concurrency, depth, slots) in
            [(8, 5, 8 + 16 + 8), (1, 3, 1 + 3 + 1), (1, 0, 1), (0, 0, 1)]
        {
            assert_eq!(of(concurrency, depth).slots(), slots);
        }
    }

    /// Idle instances are never more than what runs, and have slots of their own.
    #[test]
    fn idle_instances_have_slots() {
        let capacity = of(2, 0);
        assert_eq!((capacity.idle, capacity.pool_slots()), (2, 4));
    }
}
