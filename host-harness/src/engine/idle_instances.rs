//! Instances that wait for their function's next invocation: what is most of the work of one is to
//! make an instance.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::admission;
use super::instance::Instance;
use crate::invocation::FunctionContext;
use crate::limits::Limits;
use crate::pool::sharded_free_list::ShardedFreeList;

/// The most that one thread keeps: of so many functions that it runs in turns, or of one that waits.
const EACH_THREAD: usize = 16;

/// How many there are at most, which have places besides those of what runs: never more than those.
pub(super) fn capacity(limits: &Limits) -> u32 {
    limits.idle_instances.min(admission::total_slots(limits))
}

pub(super) struct IdleInstances {
    free: ShardedFreeList<IdleInstance, ()>,
    left: Arc<AtomicU32>,
    /// Counts the sweeps.
    round: AtomicU64,
}

/// One that was not used since a sweep.
struct IdleInstance {
    instance: Instance,
    round: u64,
}

/// That an instance may be kept, now or later.
pub(super) struct IdlePermit(Arc<AtomicU32>);

impl Drop for IdlePermit {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl IdleInstances {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            free: ShardedFreeList::new(&Arc::new(())),
            left: Arc::new(AtomicU32::new(capacity(limits))),
            round: AtomicU64::new(0),
        }
    }

    /// One of this function's, that this thread used last.
    pub(super) fn take(&self, function: &Arc<FunctionContext>) -> Option<Instance> {
        let of_function = |idle: &IdleInstance| idle.instance.is_of(function);
        let idle = self.free.home().take(of_function)?;
        Some(idle.instance)
    }

    /// Keeps one that is as if it were new; for it, the one that this thread has not used for longest
    /// may have to go.
    pub(super) fn put(&self, mut instance: Instance) {
        let shelf = self.free.home();
        if instance.ticket.is_none() {
            let ticket = self.ticket().or_else(|| {
                drop_all(shelf.take_oldest(1));
                self.ticket()
            });
            let Some(ticket) = ticket else { return };
            instance.ticket = Some(ticket);
        }
        let round = self.round.load(Ordering::Relaxed);
        drop_all(shelf.take_oldest(EACH_THREAD));
        shelf.put(IdleInstance { instance, round });
    }

    fn ticket(&self) -> Option<IdlePermit> {
        let one_less = |left: u32| left.checked_sub(1);
        let taken = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less);
        taken.is_ok().then(|| IdlePermit(Arc::clone(&self.left)))
    }

    /// Lets those go that were not used since the sweep before the last.
    pub(super) fn sweep(&self) {
        let last = self.round.fetch_add(1, Ordering::Relaxed);
        for shelf in self.free.all() {
            drop_all(shelf.take_all(|idle| idle.round < last));
        }
    }
}

/// Drops what is no longer needed, none of which is of who does it. What goes with it may be an
/// embedder's, and panic: that was reported, and is all there is to do.
fn drop_all(instances: impl IntoIterator<Item = IdleInstance>) {
    for instance in instances {
        let _ = catch_unwind(AssertUnwindSafe(|| drop(instance)));
    }
}
