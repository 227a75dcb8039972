//! Idle instances, ready for their function's next invocation. Instantiation is most of the work of
//! an invocation.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::capacity::Capacity;
use super::instance::Instance;
use crate::invocation::FunctionContext;
use crate::pool::sharded_free_list::ShardedFreeList;

/// The maximum number of idle instances per thread, for functions that alternate or one that waits.
const MAX_PER_THREAD: usize = 16;

/// The idle instances of all functions of one engine.
pub(super) struct IdleInstances {
    free: ShardedFreeList<IdleInstance, ()>,
    available: Arc<AtomicU32>,
    /// The number of sweeps so far.
    round: AtomicU64,
}

/// An instance, with the sweep after which it was last used.
struct IdleInstance {
    instance: Instance,
    round: u64,
}

/// The permission to keep one instance idle.
pub(super) struct IdlePermit(Arc<AtomicU32>);

impl Drop for IdlePermit {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl IdleInstances {
    pub(super) fn new(capacity: &Capacity) -> Self {
        Self {
            free: ShardedFreeList::new(&Arc::new(())),
            available: Arc::new(AtomicU32::new(capacity.idle)),
            round: AtomicU64::new(0),
        }
    }

    /// Takes an idle instance of this function from this thread's shard.
    pub(super) fn take(&self, function: &Arc<FunctionContext>) -> Option<Instance> {
        let of_function = |idle: &IdleInstance| idle.instance.is_of(function);
        let idle = self.free.home().take(of_function)?;
        Some(idle.instance)
    }

    /// Keeps a reset instance. May evict the instance that this thread has not used for longest.
    pub(super) fn put(&self, mut instance: Instance) {
        let shard = self.free.home();
        if instance.permit.is_none() {
            let permit = self.permit().or_else(|| {
                drop_all(shard.take_oldest(1));
                self.permit()
            });
            let Some(permit) = permit else { return };
            instance.permit = Some(permit);
        }
        let round = self.round.load(Ordering::Relaxed);
        drop_all(shard.take_oldest(MAX_PER_THREAD));
        shard.put(IdleInstance { instance, round });
    }

    fn permit(&self) -> Option<IdlePermit> {
        let minus_one = |available: u32| available.checked_sub(1);
        let taken = self
            .available
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, minus_one);
        taken
            .is_ok()
            .then(|| IdlePermit(Arc::clone(&self.available)))
    }

    /// Drops the instances that were unused during the last two sweeps.
    pub(super) fn sweep(&self) {
        let last = self.round.fetch_add(1, Ordering::Relaxed);
        for shard in self.free.all() {
            drop_all(shard.take_all(|idle| idle.round < last));
        }
    }
}

/// Drops instances. This may drop an embedder's value that panics, which is already reported and
/// concerns no current invocation.
fn drop_all(instances: impl IntoIterator<Item = IdleInstance>) {
    for instance in instances {
        let _ = catch_unwind(AssertUnwindSafe(|| drop(instance)));
    }
}
