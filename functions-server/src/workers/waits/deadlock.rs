//! Finds cycles of workers, and the invocation that fails so that the others continue.

use std::collections::HashSet;
use std::sync::Arc;

use super::{DeadlockCycle, Graph, InvocationPhase};

/// How many workers a cycle names at most.
const MAX_NAMED: usize = 16;

/// A cycle of workers in which all wait, and the invocation that fails.
struct FoundCycle {
    workers: Vec<Arc<str>>,
    /// The call and number of the invocation that fails.
    victim: (u64, u64),
    is_queued: bool,
}

impl Graph {
    /// Breaks a cycle that the worker is in which waits for this call.
    pub(super) fn break_cycle_of(&mut self, call: u64) {
        if let Some(worker) = self.owners.get(&call).cloned() {
            self.break_cycle(&worker);
        }
    }

    /// Breaks a cycle that this worker is in, by failing one invocation.
    pub(super) fn break_cycle(&mut self, worker: &Arc<str>) {
        let Some(closed) = self.closed(worker) else {
            return;
        };
        let (call, number) = closed.victim;
        let edges = self.led_to.get_mut(&call).map(Vec::as_mut_slice);
        let mut edges = edges.unwrap_or_default().iter_mut();
        let fail = edges.find_map(|edge| (edge.number == number).then(|| edge.fail.take())?);
        if let Some(fail) = fail {
            // The waiter may have gone away.
            let _ = fail.send(DeadlockCycle {
                workers: closed.workers,
                is_queued: closed.is_queued,
            });
        }
    }

    /// `None`: something that the worker waits for can continue without it.
    fn closed(&self, start: &Arc<str>) -> Option<FoundCycle> {
        let mut seen = HashSet::from([start]);
        let mut reached = vec![start];
        let mut next = 0;
        let mut is_cycle = false;
        // One that has not begun is preferred: nothing comes of it.
        let mut victim: Option<((u64, u64), bool)> = None;
        while let Some(worker) = reached.get(next).copied() {
            next += 1;
            for call in self.blocked.get(worker)? {
                let edges = self.led_to.get(call)?;
                for edge in edges {
                    edge.fail.as_ref()?;
                    let is_queued = match (edge.phase)() {
                        InvocationPhase::Ended => return None,
                        phase => phase == InvocationPhase::Queued,
                    };
                    is_cycle |= edge.worker == *start;
                    if seen.insert(&edge.worker) {
                        reached.push(&edge.worker);
                    }
                    if victim.is_none_or(|(_, was_queued)| is_queued && !was_queued) {
                        victim = Some(((*call, edge.number), is_queued));
                    }
                }
            }
        }
        let (victim, is_queued) = victim.filter(|_| is_cycle)?;
        let workers = reached.into_iter().take(MAX_NAMED).cloned().collect();
        Some(FoundCycle {
            workers,
            victim,
            is_queued,
        })
    }
}
