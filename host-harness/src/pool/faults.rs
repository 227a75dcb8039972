//! Detects whether an invocation wrote to new pages, without asking the kernel about the memory.
//!
//! A write to a page that is absent, or that is the kernel's page of zeroes, causes a page fault.
//! The kernel counts faults per thread. A poll runs on one thread. So if an invocation starts and
//! ends within one poll, and the thread's count is unchanged, then the invocation wrote only to
//! pages that were mapped when it started.
//!
//! Two things break this. Huge pages do, because the kernel may put one where single pages were,
//! unasked: they are disabled where the pool relies on the count. `mlockall` during a run of a
//! function does too, because it maps pages that nobody touched: this host never calls it, and an
//! embedder must not.

use std::cell::Cell;

use super::seeded_bugs::{self, Bug};
use super::slot_scope::SlotScope;

thread_local! {
    /// This thread's number of faults when it was last read.
    static COUNTED: Cell<Option<u64>> = const { Cell::new(None) };
}

/// A moment of a thread, for comparison with a later one.
#[derive(Clone, Copy)]
pub(super) struct FaultSnapshot {
    poll: Option<u64>,
    faults: Option<u64>,
}

impl FaultSnapshot {
    /// The current poll, and this thread's number of faults as of its last reading.
    pub(super) fn now() -> Self {
        Self {
            poll: SlotScope::number(),
            faults: COUNTED.get(),
        }
    }

    /// Whether the current poll certainly caused no page fault since this snapshot.
    pub(super) fn no_faults_since(self) -> bool {
        let faults = count();
        let poll = SlotScope::number();
        // Fails only while the thread ends, and then nobody reads the value.
        let _ = COUNTED.try_with(|counted| counted.set(faults));
        let one_poll = poll.is_some() && poll == self.poll;
        let no_faults = faults.is_some() && faults == self.faults;
        (one_poll || seeded_bugs::is_on(Bug::PollsIgnored))
            && (no_faults || seeded_bugs::is_on(Bug::FaultsIgnored))
    }
}

/// The number of page faults of this thread.
#[expect(unsafe_code, reason = "there is no safe way to ask")]
pub(super) fn count() -> Option<u64> {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::uninit();
    // SAFETY: the pointer is to a `rusage`, which the call fills.
    let asked = unsafe { libc::getrusage(libc::RUSAGE_THREAD, usage.as_mut_ptr()) };
    if asked != 0 {
        return None;
    }
    // SAFETY: the call succeeded, so it filled the `rusage`.
    let usage = unsafe { usage.assume_init() };
    u64::try_from(usage.ru_minflt + usage.ru_majflt).ok()
}

#[cfg(test)]
pub(super) mod tests {
    use std::future::{Future, poll_fn};
    use std::pin::pin;

    use super::*;
    use crate::pool::owner::Owner;

    /// Runs a future with each of its polls in a poll scope.
    pub(crate) async fn polled<F: Future>(future: F) -> F::Output {
        let mut future = pin!(future);
        let owner = Owner::new();
        poll_fn(|cx| {
            let _scope = SlotScope::enter(owner);
            future.as_mut().poll(cx)
        })
        .await
    }

    /// Touches new memory, so that this thread has a fault.
    fn fault() {
        let space = super::super::address_space::AddressSpace::reserve(1 << 16).unwrap();
        let memory = space.region(0, 1 << 16).unwrap();
        memory.make_accessible(0..1 << 16).unwrap();
        // SAFETY: the memory was just made accessible, and nobody else uses it.
        #[expect(unsafe_code, reason = "only new memory is certain to fault")]
        unsafe {
            memory.zero(0..1);
        }
    }

    /// A fault is counted, and so is the absence of one. The first reading has nothing to compare
    /// with.
    #[tokio::test]
    async fn faults_are_counted() {
        polled(async {
            FaultSnapshot::now().no_faults_since();
            assert!((0..10).any(|_| FaultSnapshot::now().no_faults_since()));
            let before = FaultSnapshot::now();
            fault();
            assert!(!before.no_faults_since());
        })
        .await;
    }

    /// Absence of faults is uncertain outside a poll, across two polls and on another thread.
    #[tokio::test]
    async fn no_faults_is_certain_only_within_one_poll() {
        FaultSnapshot::now().no_faults_since();
        assert!(!FaultSnapshot::now().no_faults_since());
        polled(async {
            let before = FaultSnapshot::now();
            assert!(
                (0..10).any(|_| before.no_faults_since() || FaultSnapshot::now().no_faults_since())
            );
            let before = FaultSnapshot::now();
            tokio::task::yield_now().await;
            assert!(!before.no_faults_since());
            let on_other_thread =
                std::thread::spawn(move || (0..10).any(|_| before.no_faults_since()));
            assert!(!on_other_thread.join().unwrap());
        })
        .await;
    }

    /// A fault in an inner invocation also counts for the outer one, whichever of the two reads
    /// first.
    #[tokio::test]
    async fn inner_faults_count_for_outer_poll() {
        polled(async {
            FaultSnapshot::now().no_faults_since();
            let before = FaultSnapshot::now();
            polled(async {
                fault();
                assert!(!FaultSnapshot::now().no_faults_since());
                FaultSnapshot::now().no_faults_since();
            })
            .await;
            assert!(!before.no_faults_since());
        })
        .await;
    }
}
