//! The resources of this node as Serverledge counts them: memory of running and warm instances, and the
//! processors of running ones.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// What an instance of a function takes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Demand {
    pub(crate) function: Arc<str>,
    /// Which instances are alike: warm ones of another version are of no use.
    pub(crate) version: Option<i64>,
    /// In MB.
    pub(crate) memory: u64,
    /// Not counted if it is not positive.
    pub(crate) cpus: f64,
}

/// The node has no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoCapacity;

/// What the node has, and what is taken of it.
#[derive(Debug)]
pub(crate) struct Node {
    memory: u64,
    cpus: f64,
    expiration: Duration,
    taken: Mutex<Taken>,
    /// What a running instance took is free again.
    freed: Notify,
}

#[derive(Debug, Default)]
struct Taken {
    busy_memory: u64,
    used_cpus: f64,
    /// Warm instances, the least recently used first.
    warm: Vec<Warm>,
    /// How many invocations had no room.
    dropped: u64,
    /// Every function that ever had an instance.
    known: BTreeMap<Arc<str>, ()>,
}

#[derive(Debug)]
struct Warm {
    function: Arc<str>,
    version: Option<i64>,
    memory: u64,
    used: Instant,
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
    pub(crate) fn new(memory: u64, cpus: f64, expiration: Duration) -> Self {
        Self {
            memory,
            cpus,
            expiration,
            taken: Mutex::default(),
            freed: Notify::new(),
        }
    }

    /// The same, as soon as there is room; `None` if there never will be. What is demanded may change meanwhile, as
    /// the function may.
    pub(crate) async fn acquire_when_free(
        self: &Arc<Self>,
        demand: impl Fn() -> Demand,
    ) -> Option<Running> {
        loop {
            let freed = self.freed.notified();
            let demand = demand();
            if demand.memory > self.memory || demand.counted_cpus() > self.cpus + 1e-9 {
                return None;
            }
            if let Ok(running) = self.acquire(demand) {
                return Some(running);
            }
            freed.await;
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

    /// Takes what an instance needs: a warm one, or room for a new one, for which the warm ones that were
    /// not used for longest have to go.
    pub(crate) fn acquire(self: &Arc<Self>, demand: Demand) -> Result<Running, NoCapacity> {
        let now = Instant::now();
        let mut taken = self.lock();
        self.expire(&mut taken, now);
        let warm = taken.warm.iter().rposition(|warm| demand.fits(warm));
        let has_room = self.check_cpus(&taken, &demand).and_then(|()| match warm {
            Some(index) => {
                taken.warm.remove(index);
                Ok(())
            }
            None => self.make_room(&mut taken, demand.memory, |_| true),
        });
        has_room?;
        taken.busy_memory += demand.memory;
        taken.used_cpus += demand.counted_cpus();
        taken.known.entry(demand.function.clone()).or_default();
        drop(taken);
        Ok(Running {
            node: self.clone(),
            demand,
            is_warm: warm.is_some(),
            keep: false,
        })
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
        let may_evict = |warm: &Warm| warm.function != demand.function;
        self.make_room(&mut taken, demand.memory, may_evict)?;
        taken.known.entry(demand.function.clone()).or_default();
        taken.warm.push(Warm::of(demand, now));
        Ok(())
    }

    /// Drops the warm instances of a function, which has changed or is gone.
    pub(crate) fn retire(&self, function: &str) {
        self.lock().warm.retain(|warm| &*warm.function != function);
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
        // Sums of fractions are not exact.
        if wanted > 0.0 && taken.used_cpus + wanted > self.cpus + 1e-9 {
            return Err(NoCapacity);
        }
        Ok(())
    }

    /// Evicts warm instances until there is room, and none if there can be no room.
    fn make_room(
        &self,
        taken: &mut Taken,
        memory: u64,
        may_evict: impl Fn(&Warm) -> bool,
    ) -> Result<(), NoCapacity> {
        let evictable = taken.warm.iter().filter(|warm| may_evict(warm));
        let evictable: u64 = evictable.map(|warm| warm.memory).sum();
        let used = taken.busy_memory + taken.warm_memory();
        let mut free = self.memory.saturating_sub(used);
        if memory > free + evictable {
            return Err(NoCapacity);
        }
        taken.warm.retain(|warm| {
            let stays = free >= memory || !may_evict(warm);
            if !stays {
                free += warm.memory;
            }
            stays
        });
        Ok(())
    }

    fn expire(&self, taken: &mut Taken, now: Instant) {
        let is_fresh = |warm: &Warm| now.saturating_duration_since(warm.used) < self.expiration;
        taken.warm.retain(is_fresh);
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn warm_memory(&self) -> u64 {
        self.warm.iter().map(|warm| warm.memory).sum()
    }
}

impl Demand {
    fn counted_cpus(&self) -> f64 {
        self.cpus.max(0.0)
    }

    fn fits(&self, warm: &Warm) -> bool {
        self.function == warm.function && self.version == warm.version && self.memory == warm.memory
    }
}

impl Warm {
    fn of(demand: &Demand, used: Instant) -> Self {
        Self {
            function: demand.function.clone(),
            version: demand.version,
            memory: demand.memory,
            used,
        }
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

    /// Leaves a warm instance.
    pub(crate) fn keep(mut self) {
        self.keep = true;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut taken = self.node.lock();
        taken.busy_memory = taken.busy_memory.saturating_sub(self.demand.memory);
        taken.used_cpus -= self.demand.counted_cpus();
        if self.keep {
            taken.warm.push(Warm::of(&self.demand, Instant::now()));
        }
        drop(taken);
        self.node.freed.notify_waiters();
    }
}
