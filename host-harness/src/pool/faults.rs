//! Whether memory was written to for the first time, without asking the kernel about the memory.
//!
//! Who writes to a page that is not there, or is the kernel's page of zeroes, has a page fault, and
//! the kernel counts them for each thread. So if an invocation began and ended within one poll, which
//! is on one thread, and that thread has had as many faults as before, then the invocation has
//! written to no page but those that were there when it began.
//!
//! What breaks that: huge pages, since the kernel may put one where single pages were, unasked (they
//! are switched off where this is relied on); and `mlockall` called while functions run, which maps
//! pages that nobody touched (this host does not, and neither may who embeds it).

use std::cell::Cell;

use super::poll_scope::PollScope;
use super::seeded_bugs::{self, Bug};

thread_local! {
    /// How many faults this thread had when it was last counted.
    static COUNTED: Cell<Option<u64>> = const { Cell::new(None) };
}

/// A moment of a thread, to be compared with a later one.
#[derive(Clone, Copy)]
pub(super) struct FaultSnapshot {
    poll: Option<u64>,
    faults: Option<u64>,
}

impl FaultSnapshot {
    /// Now, or a little earlier: of the faults, when they were last counted.
    pub(super) fn now() -> Self {
        Self {
            poll: PollScope::number(),
            faults: COUNTED.get(),
        }
    }

    /// Whether it is certain that no page was written to for the first time since, by who is polled.
    pub(super) fn no_faults_since(self) -> bool {
        let faults = count();
        let poll = PollScope::number();
        // The thread may be ending that this is kept for.
        let _ = COUNTED.try_with(|counted| counted.set(faults));
        let one_poll = poll.is_some() && poll == self.poll;
        let no_faults = faults.is_some() && faults == self.faults;
        (one_poll || seeded_bugs::is_on(Bug::PollsIgnored))
            && (no_faults || seeded_bugs::is_on(Bug::FaultsIgnored))
    }
}

/// How many page faults this thread has had.
#[expect(unsafe_code, reason = "there is no safe way to ask")]
pub(super) fn count() -> Option<u64> {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::uninit();
    // SAFETY: the pointer is to what the call fills.
    let asked = unsafe { libc::getrusage(libc::RUSAGE_THREAD, usage.as_mut_ptr()) };
    if asked != 0 {
        return None;
    }
    // SAFETY: the call says that it has filled it.
    let usage = unsafe { usage.assume_init() };
    u64::try_from(usage.ru_minflt + usage.ru_majflt).ok()
}

#[cfg(test)]
pub(super) mod tests {
    use std::future::{Future, poll_fn};
    use std::pin::pin;

    use super::*;
    use crate::pool::owner::Owner;

    /// A future each of whose polls is known as one.
    pub(crate) async fn polled<F: Future>(future: F) -> F::Output {
        let mut future = pin!(future);
        let owner = Owner::new();
        poll_fn(|cx| {
            let _scope = PollScope::enter(owner);
            future.as_mut().poll(cx)
        })
        .await
    }

    /// Touches memory that is new, so that this thread has a fault.
    fn fault() {
        let space = super::super::address_space::AddressSpace::reserve(1 << 16).unwrap();
        let memory = space.region(0, 1 << 16).unwrap();
        memory.make_accessible(0..1 << 16).unwrap();
        // SAFETY: it was just opened, and is nobody else's.
        #[expect(unsafe_code, reason = "only new memory has a fault for certain")]
        unsafe {
            memory.zero(0..1);
        }
    }

    /// A fault is counted, and its absence is told: after the first look, which has none to compare
    /// with.
    #[tokio::test]
    async fn faults_are_seen() {
        polled(async {
            FaultSnapshot::now().no_faults_since();
            assert!((0..10).any(|_| FaultSnapshot::now().no_faults_since()));
            let before = FaultSnapshot::now();
            fault();
            assert!(!before.no_faults_since());
        })
        .await;
    }

    /// Nothing is certain outside of a poll, across two, or on another thread.
    #[tokio::test]
    async fn only_within_one_poll() {
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
            let elsewhere = std::thread::spawn(move || (0..10).any(|_| before.no_faults_since()));
            assert!(!elsewhere.join().unwrap());
        })
        .await;
    }

    /// A fault within an inner invocation is one of the outer's thread as well, whoever counts first.
    #[tokio::test]
    async fn inner_faults_are_the_outers_too() {
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
