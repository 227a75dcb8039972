//! Idle instances, ready for their function's next invocation. Instantiation is most of the work of
//! an invocation.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::capacity::Capacity;
use super::idle_permits::IdlePermits;
use super::instance::Instance;
use crate::pool::Owner;
use crate::pool::sharded_free_list::ShardedFreeList;

/// The maximum number of idle instances per thread, for functions that alternate or one that waits.
const MAX_PER_THREAD: usize = 16;

/// How many sweeps a prewarmed instance is kept: ten minutes.
const PREWARMED_ROUNDS: u64 = 600;

/// The idle instances of all functions of one engine.
pub(super) struct IdleInstances {
    free: ShardedFreeList<IdleInstance, ()>,
    /// Those that no request has used yet, for any thread.
    prewarmed: Mutex<Vec<IdleInstance>>,
    /// How many these are, so that requests without an idle instance need no lock.
    prewarmed_count: AtomicUsize,
    permits: IdlePermits,
    /// The number of sweeps so far.
    round: AtomicU64,
}

/// An instance, with the sweep after which it was last used.
struct IdleInstance {
    /// Boxed for as long as the instance exists: it moves here and back for every request.
    instance: Box<Instance>,
    round: u64,
}

impl IdleInstances {
    pub(super) fn new(capacity: &Capacity) -> Self {
        Self {
            free: ShardedFreeList::new(&Arc::new(())),
            prewarmed: Mutex::default(),
            prewarmed_count: AtomicUsize::new(0),
            permits: IdlePermits::new(capacity.idle),
            round: AtomicU64::new(0),
        }
    }

    /// Takes an idle instance of this function from this thread's shard.
    pub(super) fn take(&self, function: Owner) -> Option<Box<Instance>> {
        let of_function = |idle: &IdleInstance| idle.instance.owner() == function;
        let idle = self.free.home().take(of_function);
        let idle = idle.or_else(|| {
            (self.prewarmed_count.load(Ordering::Relaxed) > 0)
                .then(|| self.take_prewarmed(of_function))?
        });
        Some(idle?.instance)
    }

    fn take_prewarmed(&self, wanted: impl Fn(&IdleInstance) -> bool) -> Option<IdleInstance> {
        self.change_prewarmed(|prewarmed| {
            let found = prewarmed.iter().position(wanted)?;
            Some(prewarmed.remove(found))
        })
    }

    /// Keeps an instance that no request has used yet; returns whether there was room.
    pub(super) fn put_prewarmed(&self, mut instance: Box<Instance>) -> bool {
        instance.permit = self.permits.acquire();
        if instance.permit.is_none() {
            return false;
        }
        let round = self.round.load(Ordering::Relaxed) + PREWARMED_ROUNDS;
        self.change_prewarmed(|prewarmed| prewarmed.push(IdleInstance { instance, round }));
        true
    }

    fn change_prewarmed<T>(&self, change: impl FnOnce(&mut Vec<IdleInstance>) -> T) -> T {
        // A panic cannot leave the list half changed.
        let prewarmed = self.prewarmed.lock();
        let mut prewarmed = prewarmed.unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut prewarmed);
        self.prewarmed_count
            .store(prewarmed.len(), Ordering::Relaxed);
        changed
    }

    /// Takes all wanted instances, from every shard.
    fn take_all(&self, wanted: impl Fn(&IdleInstance) -> bool) {
        for shard in self.free.all() {
            drop_all(shard.take_all(|idle| wanted(idle)));
        }
        let prewarmed: Vec<_> = self.change_prewarmed(|prewarmed| {
            let taken = prewarmed.extract_if(.., |idle| wanted(idle));
            taken.collect()
        });
        drop_all(prewarmed);
    }

    /// Keeps a reset instance. May evict the instance that this thread has not used for longest.
    pub(super) fn put(&self, mut instance: Box<Instance>) {
        let shard = self.free.home();
        if instance.permit.is_none() {
            let permit = self.permits.acquire().or_else(|| {
                let oldest = shard.take_oldest(1);
                drop_all(oldest.or_else(|| self.take_prewarmed(|_| true)));
                self.permits.acquire()
            });
            let Some(permit) = permit else { return };
            instance.permit = Some(permit);
        }
        let round = self.round.load(Ordering::Relaxed);
        drop_all(shard.take_oldest(MAX_PER_THREAD));
        shard.put(IdleInstance { instance, round });
    }

    /// Drops all instances of a function, which is not loaded any more.
    pub(super) fn drop_of(&self, function: Owner) {
        self.take_all(|idle| idle.instance.owner() == function);
    }

    /// Counts the idle instances by function.
    pub(super) fn count(&self) -> HashMap<Owner, u32> {
        let mut counts = HashMap::new();
        let mut count = |idle: &IdleInstance| {
            *counts.entry(idle.instance.owner()).or_default() += 1;
        };
        for shard in self.free.all() {
            shard.for_each(&mut count);
        }
        self.change_prewarmed(|prewarmed| prewarmed.iter().for_each(count));
        counts
    }

    /// Drops the instances that were unused during the last two sweeps, or for long if they are
    /// prewarmed.
    pub(super) fn sweep(&self) {
        let last = self.round.fetch_add(1, Ordering::Relaxed);
        self.take_all(|idle| idle.round < last);
    }
}

/// Drops instances. This may drop an embedder's value that panics, which is already reported and
/// concerns no current invocation.
fn drop_all(instances: impl IntoIterator<Item = IdleInstance>) {
    for instance in instances {
        let _ = catch_unwind(AssertUnwindSafe(|| drop(instance)));
    }
}
