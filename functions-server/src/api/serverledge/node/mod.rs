//! The resources of this node as Serverledge counts them: memory of running and warm instances, and the
//! processors of running ones.

mod allocations;
mod running;
#[cfg(test)]
mod tests;
mod wait_queue;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::queue::Freed;
use allocations::{Allocations, WarmInstance};
pub(crate) use running::RunningInstance;

/// How long an asynchronous invocation waits for room before synchronous ones leave that to it.
const STARVATION_TIME: Duration = Duration::from_secs(1);

/// What an instance of a function takes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Demand {
    pub(crate) function: Arc<str>,
    /// Which instances are alike: warm ones of another version are of no use.
    pub(crate) version: Option<u64>,
    /// In MB.
    pub(crate) memory: u64,
    /// Not counted if it is not positive.
    pub(crate) cpus: f64,
}

/// The node has no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoCapacity;

/// Tells which version of each function is served.
pub(crate) trait CurrentVersions: Debug + Send + Sync {
    /// How often that has changed.
    fn changes(&self) -> u64;

    /// The version of a function; no other version ever has the same number.
    fn current(&self, function: &str) -> Option<u64>;
}

/// What the node has, and what is allocated of it.
#[derive(Debug)]
pub(crate) struct Node {
    memory: u64,
    cpus: f64,
    expiration: Duration,
    allocations: Mutex<Allocations>,
    versions: Box<dyn CurrentVersions>,
    /// Is told when those that wait for room may have some.
    freed: Freed,
}

/// How much of the node is used.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Usage {
    /// How many warm instances each function has that ever had one.
    pub(crate) warm: BTreeMap<Arc<str>, u64>,
    pub(crate) total_memory: u64,
    /// Without the memory of running instances.
    pub(crate) available_memory: u64,
    /// Without that of warm ones either.
    pub(crate) free_memory: u64,
    pub(crate) total_cpus: f64,
    pub(crate) used_cpus: f64,
    /// How many invocations had no room.
    pub(crate) dropped: u64,
}

impl Node {
    pub(crate) fn new(
        memory: u64,
        cpus: f64,
        expiration: Duration,
        versions: Box<dyn CurrentVersions>,
        freed: Freed,
    ) -> Self {
        Self {
            memory,
            cpus,
            expiration,
            allocations: Mutex::default(),
            versions,
            freed,
        }
    }

    /// Counts an invocation that had no room.
    pub(crate) fn count_drop(&self) {
        self.lock().dropped += 1;
    }

    /// The memory of the node, in MB.
    pub(crate) fn memory(&self) -> u64 {
        self.memory
    }

    /// The processors of the node.
    pub(crate) fn cpus(&self) -> f64 {
        self.cpus
    }

    /// Whether an empty node has room.
    pub(crate) fn fits(&self, demand: &Demand) -> bool {
        demand.memory <= self.memory && demand.counted_cpus() <= self.cpus + ROUNDING
    }

    /// Takes what an instance needs: a warm one, or room for a new one, for which the warm ones that were
    /// not used for longest have to go. Invocations that have waited for room for a while come first.
    pub(crate) fn acquire(self: &Arc<Self>, demand: Demand) -> Result<RunningInstance, NoCapacity> {
        let now = Instant::now();
        let mut used = self.lock();
        if let Some(first) = used.waiters.first()
            && now.saturating_duration_since(first.since) >= STARVATION_TIME
            && self.hinders(&used, &demand, &first.demand)
        {
            return Err(NoCapacity);
        }
        self.take(&mut used, now, &demand)
            .map(|is_warm| self.running(demand, is_warm))
    }

    /// The same for one that [waits](Self::wait) if there is no room: without taking any from those that waited
    /// before.
    pub(crate) fn acquire_in_turn(
        self: &Arc<Self>,
        demand: &Demand,
    ) -> Result<RunningInstance, NoCapacity> {
        let mut used = self.lock();
        let position = used.position_of(&demand.function);
        let before = used.waiters.iter().take(position.unwrap_or(usize::MAX));
        let mut before = before.map(|waiter| &waiter.demand);
        let is_first = !before.any(|other| self.hinders(&used, demand, other));
        let is_warm = match is_first {
            true => self.take(&mut used, Instant::now(), demand),
            false => Err(NoCapacity),
        };
        match is_warm {
            Ok(is_warm) => Ok(self.running(demand.clone(), is_warm)),
            Err(no_capacity) => {
                if let Some(waiter) = position.and_then(|position| used.waiters.get_mut(position)) {
                    waiter.demand = demand.clone();
                }
                Err(no_capacity)
            }
        }
    }

    fn take(
        &self,
        used: &mut Allocations,
        now: Instant,
        demand: &Demand,
    ) -> Result<bool, NoCapacity> {
        self.expire(used, now);
        self.check_cpus(used, demand)?;
        let is_warm = used.take_warm(demand);
        if !is_warm {
            used.make_room(self.memory, demand.memory, |_| true)?;
        }
        used.busy_memory += demand.memory;
        used.used_cpus += demand.counted_cpus();
        used.known.entry(demand.function.clone()).or_default();
        Ok(is_warm)
    }

    fn running(self: &Arc<Self>, demand: Demand, is_warm: bool) -> RunningInstance {
        RunningInstance {
            node: self.clone(),
            demand,
            is_warm,
            keep: false,
        }
    }

    /// How many instances the node can have at most.
    pub(crate) fn most(&self, demand: &Demand) -> u32 {
        u32::try_from(self.memory / demand.memory.max(1)).unwrap_or(u32::MAX)
    }

    /// Adds a warm instance, if the node has room for it besides those of the same function.
    pub(crate) fn prewarm(&self, demand: &Demand) -> Result<(), NoCapacity> {
        let now = Instant::now();
        let mut used = self.lock();
        self.expire(&mut used, now);
        self.check_cpus(&used, demand)?;
        if !self.is_current(demand) {
            return Err(NoCapacity);
        }
        let may_evict = |warm: &WarmInstance| warm.function != demand.function;
        used.make_room(self.memory, demand.memory, may_evict)?;
        used.known.entry(demand.function.clone()).or_default();
        used.warm.push(WarmInstance::of(demand, now));
        Ok(())
    }

    /// The memory that is not taken by running instances, in MB.
    pub(crate) fn available_memory(&self) -> u64 {
        self.memory.saturating_sub(self.lock().busy_memory)
    }

    pub(crate) fn usage(&self) -> Usage {
        let mut used = self.lock();
        self.expire(&mut used, Instant::now());
        let mut warm: BTreeMap<_, _> = used.known.keys().map(|name| (name.clone(), 0)).collect();
        for of in &used.warm {
            *warm.entry(of.function.clone()).or_default() += 1;
        }
        let available_memory = self.memory.saturating_sub(used.busy_memory);
        Usage {
            warm,
            total_memory: self.memory,
            available_memory,
            free_memory: available_memory.saturating_sub(used.warm_memory()),
            total_cpus: self.cpus,
            used_cpus: used.used_cpus.max(0.0),
            dropped: used.dropped,
        }
    }

    fn check_cpus(&self, used: &Allocations, demand: &Demand) -> Result<(), NoCapacity> {
        let wanted = demand.counted_cpus();
        if wanted > 0.0 && used.used_cpus + wanted > self.cpus + ROUNDING {
            return Err(NoCapacity);
        }
        Ok(())
    }

    /// Whether `demand` takes what `other` waits for.
    fn hinders(&self, used: &Allocations, demand: &Demand, other: &Demand) -> bool {
        let memory = used.busy_memory + demand.memory + other.memory;
        let (own, others) = (demand.counted_cpus(), other.counted_cpus());
        let cpus = used.used_cpus + own + others;
        let is_short_of_cpus = own > 0.0 && others > 0.0 && cpus > self.cpus + ROUNDING;
        memory > self.memory || is_short_of_cpus
    }

    /// Drops the warm instances that were not used for long, or are of a version that is not served any more.
    fn expire(&self, used: &mut Allocations, now: Instant) {
        let is_fresh =
            |warm: &WarmInstance| now.saturating_duration_since(warm.used) < self.expiration;
        used.warm.retain(is_fresh);
        let changes = self.versions.changes();
        if used.changes != changes {
            used.changes = changes;
            let is_current =
                |warm: &WarmInstance| self.versions.current(&warm.function) == warm.version;
            used.warm.retain(is_current);
        }
    }

    fn is_current(&self, demand: &Demand) -> bool {
        self.versions.current(&demand.function) == demand.version
    }

    fn lock(&self) -> MutexGuard<'_, Allocations> {
        self.allocations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far sums of fractions may be off.
const ROUNDING: f64 = 1e-9;

impl Demand {
    fn counted_cpus(&self) -> f64 {
        self.cpus.max(0.0)
    }
}
