//! Instances that wait for their function's next invocation: what is most of the work of one is to
//! make an instance.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::admission;
use super::instance::Instance;
use crate::invocation::Identity;
use crate::limits::Limits;
use crate::pool::sharded_free_list::Shelves;

/// The most that one thread keeps: of so many functions that it runs in turns, or of one that waits.
const EACH_THREAD: usize = 16;

/// How many there are at most, which have places besides those of what runs: never more than those.
pub(super) fn most(limits: &Limits) -> u32 {
    limits.idle_instances.min(admission::places(limits))
}

pub(super) struct Kept {
    shelves: Shelves<Idle, ()>,
    left: Arc<AtomicU32>,
    /// Counts the sweeps.
    round: AtomicU64,
}

/// One that was not used since a sweep.
struct Idle {
    instance: Instance,
    round: u64,
}

/// That an instance may be kept, now or later.
pub(super) struct Ticket(Arc<AtomicU32>);

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Kept {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            shelves: Shelves::new(&Arc::new(())),
            left: Arc::new(AtomicU32::new(most(limits))),
            round: AtomicU64::new(0),
        }
    }

    /// One of this function's, that this thread used last.
    pub(super) fn take(&self, function: &Arc<Identity>) -> Option<Instance> {
        let of_function = |idle: &Idle| idle.instance.is_of(function);
        let idle = self.shelves.own().take(of_function)?;
        Some(idle.instance)
    }

    /// Keeps one that is as if it were new; for it, the one that this thread has not used for longest
    /// may have to go.
    pub(super) fn put(&self, mut instance: Instance) {
        let shelf = self.shelves.own();
        if instance.ticket.is_none() {
            let ticket = self.ticket().or_else(|| {
                let_go(shelf.take_oldest(1));
                self.ticket()
            });
            let Some(ticket) = ticket else { return };
            instance.ticket = Some(ticket);
        }
        let round = self.round.load(Ordering::Relaxed);
        let_go(shelf.take_oldest(EACH_THREAD));
        shelf.put(Idle { instance, round });
    }

    fn ticket(&self) -> Option<Ticket> {
        let one_less = |left: u32| left.checked_sub(1);
        let taken = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less);
        taken.is_ok().then(|| Ticket(Arc::clone(&self.left)))
    }

    /// Lets those go that were not used since the sweep before the last.
    pub(super) fn sweep(&self) {
        let last = self.round.fetch_add(1, Ordering::Relaxed);
        for shelf in self.shelves.all() {
            let_go(shelf.take_all(|idle| idle.round < last));
        }
    }
}

/// Drops what is no longer needed, none of which is of who does it. What goes with it may be an
/// embedder's, and panic: that was reported, and is all there is to do.
fn let_go(instances: impl IntoIterator<Item = Idle>) {
    for instance in instances {
        let _ = catch_unwind(AssertUnwindSafe(|| drop(instance)));
    }
}
