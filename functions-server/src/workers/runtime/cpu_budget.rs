//! Limits the CPU time of an invocation.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

/// How much longer an invocation may take while it is replayed than at first: its end is known.
const REPLAY_FACTOR: u32 = 10;

/// An invocation used up its CPU time.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the invocation has used {0:?} of CPU time: raise --worker-cpu-time")]
pub(crate) struct CpuLimit(Duration);

/// The CPU time of the invocation that runs, read from inside it.
#[derive(Debug)]
pub(crate) struct CpuBudget {
    limit: Duration,
    /// In nanoseconds, without the current poll.
    spent: AtomicU64,
    /// The thread's clock at the start of the current poll.
    since: AtomicU64,
}

impl CpuBudget {
    pub(crate) fn new(limit: Duration) -> Arc<Self> {
        Arc::new(Self {
            limit,
            spent: AtomicU64::new(0),
            since: AtomicU64::new(0),
        })
    }

    /// Checks the limit, on the thread that polls the invocation.
    pub(crate) fn check(&self, is_replaying: bool) -> Result<(), CpuLimit> {
        let now = thread_time().saturating_sub(self.since.load(Ordering::Relaxed));
        let spent = Duration::from_nanos(self.spent.load(Ordering::Relaxed).saturating_add(now));
        let factor = if is_replaying { REPLAY_FACTOR } else { 1 };
        match spent > self.limit.saturating_mul(factor) {
            true => Err(CpuLimit(self.limit)),
            false => Ok(()),
        }
    }
}

/// Runs an invocation, whose CPU time counts anew.
pub(crate) async fn timed<F: Future>(budget: &CpuBudget, invocation: F) -> F::Output {
    budget.spent.store(0, Ordering::Relaxed);
    let future = pin!(invocation);
    Timed { future, budget }.await
}

struct Timed<'a, F> {
    future: Pin<&'a mut F>,
    budget: &'a CpuBudget,
}

impl<F: Future> Future for Timed<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // Each look at the clock is a system call.
        let before = thread_time();
        self.budget.since.store(before, Ordering::Relaxed);
        let polled = self.future.as_mut().poll(context);
        if polled.is_pending() {
            let spent = thread_time().saturating_sub(before);
            self.budget.spent.fetch_add(spent, Ordering::Relaxed);
        }
        polled
    }
}

/// The CPU time of this thread, in nanoseconds.
#[cfg(unix)]
fn thread_time() -> u64 {
    let time = nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID);
    time.map_or(0, |time| {
        let seconds = u64::try_from(time.tv_sec()).unwrap_or(0);
        let nanoseconds = u64::try_from(time.tv_nsec()).unwrap_or(0);
        seconds
            .saturating_mul(1_000_000_000)
            .saturating_add(nanoseconds)
    })
}

/// The time since the first call: there is no clock of the thread's own.
#[cfg(not(unix))]
fn thread_time() -> u64 {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    let start = START.get_or_init(std::time::Instant::now);
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}
