//! What is allocated of a node.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::wait_queue::Waiter;
use super::{Demand, NoCapacity};

#[derive(Debug, Default)]
pub(super) struct Allocations {
    pub(super) busy_memory: u64,
    pub(super) used_cpus: f64,
    /// Warm instances, the least recently used first.
    pub(super) warm: Vec<WarmInstance>,
    /// How often versions had changed when the warm ones were last looked at.
    pub(super) changes: u64,
    /// The functions that wait for room, the longest first.
    pub(super) waiters: Vec<Waiter>,
    /// How many invocations had no room.
    pub(super) dropped: u64,
    /// Every function that ever had an instance.
    pub(super) known: BTreeMap<Arc<str>, ()>,
}

#[derive(Debug)]
pub(super) struct WarmInstance {
    pub(super) function: Arc<str>,
    pub(super) version: Option<u64>,
    pub(super) memory: u64,
    pub(super) used: Instant,
}

impl Allocations {
    pub(super) fn warm_memory(&self) -> u64 {
        self.warm.iter().map(|warm| warm.memory).sum()
    }

    /// Takes the warm instance that was used last, if there is one.
    pub(super) fn take_warm(&mut self, demand: &Demand) -> bool {
        let warm = self.warm.iter().rposition(|warm| warm.suits(demand));
        warm.map(|index| self.warm.remove(index)).is_some()
    }

    /// Evicts warm instances until there is room in `total`, and none if there can be no room.
    pub(super) fn make_room(
        &mut self,
        total: u64,
        memory: u64,
        may_evict: impl Fn(&WarmInstance) -> bool,
    ) -> Result<(), NoCapacity> {
        let evictable = self.warm.iter().filter(|warm| may_evict(warm));
        let evictable: u64 = evictable.map(|warm| warm.memory).sum();
        let used = self.busy_memory + self.warm_memory();
        let mut free = total.saturating_sub(used);
        if memory > free + evictable {
            return Err(NoCapacity);
        }
        self.warm.retain(|warm| {
            let stays = free >= memory || !may_evict(warm);
            if !stays {
                free += warm.memory;
            }
            stays
        });
        Ok(())
    }

    /// The position of a function in the queue.
    pub(super) fn position_of(&self, function: &str) -> Option<usize> {
        let mut waiters = self.waiters.iter();
        waiters.position(|waiter| &*waiter.demand.function == function)
    }
}

impl WarmInstance {
    pub(super) fn of(demand: &Demand, used: Instant) -> Self {
        Self {
            function: demand.function.clone(),
            version: demand.version,
            memory: demand.memory,
            used,
        }
    }

    fn suits(&self, demand: &Demand) -> bool {
        self.function == demand.function
            && self.version == demand.version
            && self.memory == demand.memory
    }
}
