//! The resources of this node as Serverledge counts them: memory of running and warm instances, and the
//! processors of running ones.

mod line;
mod taken;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::queue::Freed;
use taken::{Taken, Warm};

/// How long an asynchronous invocation waits for room before synchronous ones leave that to it.
const PATIENCE: Duration = Duration::from_secs(1);

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

/// Which versions of functions are served.
pub(crate) trait Versions: Debug + Send + Sync {
    /// How often that has changed.
    fn changes(&self) -> u64;

    /// The version of a function; no other version ever has the same number.
    fn current(&self, function: &str) -> Option<u64>;
}

/// What the node has, and what is taken of it.
#[derive(Debug)]
pub(crate) struct Node {
    memory: u64,
    cpus: f64,
    expiration: Duration,
    taken: Mutex<Taken>,
    versions: Box<dyn Versions>,
    /// Is told when those that wait for room may have some.
    freed: Freed,
}

/// How much of the node is taken.
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
        versions: Box<dyn Versions>,
        freed: Freed,
    ) -> Self {
        Self {
            memory,
            cpus,
            expiration,
            taken: Mutex::default(),
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
    pub(crate) fn acquire(self: &Arc<Self>, demand: Demand) -> Result<Running, NoCapacity> {
        let now = Instant::now();
        let mut taken = self.lock();
        if let Some(first) = taken.line.first()
            && now.saturating_duration_since(first.since) >= PATIENCE
            && self.hinders(&taken, &demand, &first.demand)
        {
            return Err(NoCapacity);
        }
        self.take(&mut taken, now, &demand)
            .map(|is_warm| self.running(demand, is_warm))
    }

    /// The same for one that [waits](Self::wait) if there is no room: without taking any from those that waited
    /// before.
    pub(crate) fn acquire_in_turn(
        self: &Arc<Self>,
        demand: &Demand,
    ) -> Result<Running, NoCapacity> {
        let mut taken = self.lock();
        let place = taken.place_of(&demand.function);
        let before = taken.line.iter().take(place.unwrap_or(usize::MAX));
        let mut before = before.map(|waiter| &waiter.demand);
        let is_first = !before.any(|other| self.hinders(&taken, demand, other));
        let is_warm = match is_first {
            true => self.take(&mut taken, Instant::now(), demand),
            false => Err(NoCapacity),
        };
        match is_warm {
            Ok(is_warm) => Ok(self.running(demand.clone(), is_warm)),
            Err(no_capacity) => {
                if let Some(waiter) = place.and_then(|place| taken.line.get_mut(place)) {
                    waiter.demand = demand.clone();
                }
                Err(no_capacity)
            }
        }
    }

    fn take(&self, taken: &mut Taken, now: Instant, demand: &Demand) -> Result<bool, NoCapacity> {
        self.expire(taken, now);
        self.check_cpus(taken, demand)?;
        let is_warm = taken.take_warm(demand);
        if !is_warm {
            taken.make_room(self.memory, demand.memory, |_| true)?;
        }
        taken.busy_memory += demand.memory;
        taken.used_cpus += demand.counted_cpus();
        taken.known.entry(demand.function.clone()).or_default();
        Ok(is_warm)
    }

    fn running(self: &Arc<Self>, demand: Demand, is_warm: bool) -> Running {
        Running {
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
        let mut taken = self.lock();
        self.expire(&mut taken, now);
        self.check_cpus(&taken, demand)?;
        if !self.is_current(demand) {
            return Err(NoCapacity);
        }
        let may_evict = |warm: &Warm| warm.function != demand.function;
        taken.make_room(self.memory, demand.memory, may_evict)?;
        taken.known.entry(demand.function.clone()).or_default();
        taken.warm.push(Warm::of(demand, now));
        Ok(())
    }

    /// The memory that is not taken by running instances, in MB.
    pub(crate) fn available_memory(&self) -> u64 {
        self.memory.saturating_sub(self.lock().busy_memory)
    }

    pub(crate) fn usage(&self) -> Usage {
        let mut taken = self.lock();
        self.expire(&mut taken, Instant::now());
        let mut warm: BTreeMap<_, _> = taken.known.keys().map(|name| (name.clone(), 0)).collect();
        for of in &taken.warm {
            *warm.entry(of.function.clone()).or_default() += 1;
        }
        let available_memory = self.memory.saturating_sub(taken.busy_memory);
        Usage {
            warm,
            total_memory: self.memory,
            available_memory,
            free_memory: available_memory.saturating_sub(taken.warm_memory()),
            total_cpus: self.cpus,
            used_cpus: taken.used_cpus.max(0.0),
            dropped: taken.dropped,
        }
    }

    fn check_cpus(&self, taken: &Taken, demand: &Demand) -> Result<(), NoCapacity> {
        let wanted = demand.counted_cpus();
        if wanted > 0.0 && taken.used_cpus + wanted > self.cpus + ROUNDING {
            return Err(NoCapacity);
        }
        Ok(())
    }

    /// Whether `demand` takes what `other` waits for.
    fn hinders(&self, taken: &Taken, demand: &Demand, other: &Demand) -> bool {
        let memory = taken.busy_memory + demand.memory + other.memory;
        let (own, others) = (demand.counted_cpus(), other.counted_cpus());
        let cpus = taken.used_cpus + own + others;
        let is_short_of_cpus = own > 0.0 && others > 0.0 && cpus > self.cpus + ROUNDING;
        memory > self.memory || is_short_of_cpus
    }

    /// Drops the warm instances that were not used for long, or are of a version that is not served any more.
    fn expire(&self, taken: &mut Taken, now: Instant) {
        let is_fresh = |warm: &Warm| now.saturating_duration_since(warm.used) < self.expiration;
        taken.warm.retain(is_fresh);
        let changes = self.versions.changes();
        if taken.changes != changes {
            taken.changes = changes;
            let is_current = |warm: &Warm| self.versions.current(&warm.function) == warm.version;
            taken.warm.retain(is_current);
        }
    }

    fn is_current(&self, demand: &Demand) -> bool {
        self.versions.current(&demand.function) == demand.version
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far sums of fractions may be off.
const ROUNDING: f64 = 1e-9;

impl Demand {
    fn counted_cpus(&self) -> f64 {
        self.cpus.max(0.0)
    }
}

/// What a running instance takes. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Running {
    node: Arc<Node>,
    demand: Demand,
    pub(crate) is_warm: bool,
    keep: bool,
}

impl Running {
    pub(crate) fn demand(&self) -> &Demand {
        &self.demand
    }

    /// Leaves a warm instance in the end, unless the function is changed meanwhile.
    pub(crate) fn keep(&mut self) {
        self.keep = true;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut taken = self.node.lock();
        taken.busy_memory = taken.busy_memory.saturating_sub(self.demand.memory);
        taken.used_cpus -= self.demand.counted_cpus();
        if self.keep && self.node.is_current(&self.demand) {
            taken.warm.push(Warm::of(&self.demand, Instant::now()));
        }
        drop(taken);
        self.node.freed.tell();
    }
}
