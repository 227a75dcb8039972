//! Measures the CPU time of an invocation, without the time that it or its thread waits.
//!
//! Reading a thread's CPU time is a system call. Two for every poll would cost short invocations more
//! than all other limits together. An invocation is therefore first measured with the wall clock, which
//! needs none. Each poll then counts as at most one [`SLICE`], however long its thread was descheduled.
//! The thread's own clock counts as soon as the time is checked because an epoch has passed, or as soon
//! as many short polls have used up a slice.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// How long an invocation computes before others get their turn.
pub(crate) const SLICE: Duration = Duration::from_millis(10);

thread_local! {
    /// The invocation that this thread is polling.
    static RUNNING: Cell<Option<Span>> = const { Cell::new(None) };
    /// Whether the invocation that this thread polled last has used up its first slice.
    static LONG: Cell<bool> = const { Cell::new(false) };
}

/// How much CPU time an invocation has used.
#[derive(Clone, Copy, Default)]
struct Usage {
    total: Duration,
    /// The part of `total` that the thread's clock has measured.
    measured: Duration,
    /// Whether the thread's clock counts from now on.
    exact: bool,
}

impl Usage {
    /// Whether the first slice is used up for certain. Under load, the wall clock says so even of
    /// invocations that have hardly run.
    fn is_long(&self) -> bool {
        self.measured >= SLICE / 2
    }
}

/// A span of computing: its start, and the usage before it.
#[derive(Clone, Copy)]
struct Span {
    since: Moment,
    before: Usage,
}

#[derive(Clone, Copy)]
struct Moment {
    wall: Instant,
    /// This thread's CPU time, if it is needed.
    cpu: Option<Duration>,
}

impl Moment {
    fn now(exact: bool) -> Self {
        Self {
            wall: Instant::now(),
            cpu: exact.then(thread_cpu_time),
        }
    }
}

impl Span {
    /// What the invocation has used, up to `now` on this thread.
    fn usage(&self, now: Moment) -> Usage {
        let mut usage = self.before;
        match (usage.exact, now.cpu, self.since.cpu) {
            (true, Some(now), Some(since)) => {
                let spent = now.saturating_sub(since);
                usage.total += spent;
                usage.measured += spent;
            }
            _ => {
                let wall = now.wall.saturating_duration_since(self.since.wall);
                usage.total += wall.min(SLICE);
                usage.exact = usage.total >= SLICE;
            }
        }
        usage
    }

    /// Excludes a span in which another invocation ran.
    fn skip(&mut self, from: Moment, to: Moment) {
        self.since.wall += to.wall.saturating_duration_since(from.wall);
        if let (Some(since), Some(from), Some(to)) = (&mut self.since.cpu, from.cpu, to.cpu) {
            *since += to.saturating_sub(from);
        }
    }
}

/// What the invocation on this thread has used so far. Makes a system call: use it only when some time
/// has passed.
pub(crate) fn used() -> Duration {
    let Some(span) = RUNNING.get() else {
        return Duration::ZERO;
    };
    let now = Moment::now(true);
    let before = Usage {
        exact: true,
        ..span.usage(now)
    };
    RUNNING.set(Some(Span { since: now, before }));
    before.total
}

/// Whether the invocation that this thread polled last has used up its first slice. Resets the answer.
pub(crate) fn take_long() -> bool {
    LONG.take()
}

/// A future whose time in `poll` is measured, and can be read from inside.
#[must_use]
pub(crate) struct CpuTimed<F> {
    future: F,
    usage: Usage,
    span: Option<(Instant, Instant)>,
}

impl<F> CpuTimed<F> {
    pub(crate) fn new(future: F) -> Self {
        Self {
            future,
            usage: Usage::default(),
            span: None,
        }
    }

    /// When the first poll started, and when the last one ended.
    pub(crate) fn span(&self) -> Option<(Instant, Instant)> {
        self.span
    }
}

impl<F: Future + Unpin> Future for CpuTimed<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Self {
            future,
            usage,
            span,
        } = &mut *self;
        let _guard = PollGuard::enter(usage, span);
        Pin::new(future).poll(cx)
    }
}

/// The measurement of one poll. Ends when dropped, also by a panic: the caller may continue.
struct PollGuard<'a> {
    usage: &'a mut Usage,
    span: &'a mut Option<(Instant, Instant)>,
    started: Moment,
    outer: Option<Span>,
}

impl<'a> PollGuard<'a> {
    fn enter(usage: &'a mut Usage, span: &'a mut Option<(Instant, Instant)>) -> Self {
        let outer = RUNNING.get();
        let started = Moment::now(usage.exact || outer.is_some_and(|outer| outer.before.exact));
        RUNNING.set(Some(Span {
            since: started,
            before: *usage,
        }));
        Self {
            usage,
            span,
            started,
            outer,
        }
    }
}

impl Drop for PollGuard<'_> {
    fn drop(&mut self) {
        let own = RUNNING.get();
        let spans = [own, self.outer];
        let exact = spans.iter().flatten().any(|span| span.before.exact);
        let ended = Moment::now(exact);
        let first = self.span.map_or(self.started.wall, |(first, _)| first);
        *self.span = Some((first, ended.wall));
        // A nested invocation ran within the caller's span, which must not be charged for it.
        if let Some(outer) = &mut self.outer {
            outer.skip(self.started, ended);
        }
        RUNNING.set(self.outer);
        if let Some(own) = own {
            *self.usage = own.usage(ended);
            LONG.set(self.usage.is_long());
        }
    }
}

/// How long this thread has been running on a processor.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "macos"))]
fn thread_cpu_time() -> Duration {
    // Cannot fail: the clock exists, and the result has a valid address.
    nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID)
        .map_or(Duration::ZERO, Duration::from)
}

/// Other systems also count the time that the thread waits for a processor.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos")))]
fn thread_cpu_time() -> Duration {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    START.elapsed()
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::panic::AssertUnwindSafe;

    use futures_util::FutureExt as _;

    use super::*;

    /// Keeps the processor busy for `duration`, whatever else it does.
    fn compute(duration: Duration) {
        let start = thread_cpu_time();
        while thread_cpu_time() - start < duration {}
    }

    /// Computing counts, over several polls; waiting does not.
    #[tokio::test(start_paused = true)]
    async fn waiting_does_not_count() {
        for spent in [Duration::from_millis(2), SLICE, SLICE * 2] {
            let used = CpuTimed::new(Box::pin(async {
                compute(spent);
                tokio::time::sleep(Duration::from_secs(3600)).await;
                compute(spent);
                used()
            }))
            .await;
            // A poll that is not measured exactly counts as at most one slice.
            let least = (spent * 2).min(spent.min(SLICE) + spent.min(SLICE));
            assert!(used >= least && used < Duration::from_secs(60), "{used:?}");
            assert_eq!(super::used(), Duration::ZERO);
        }
    }

    /// A thread that sleeps in a poll uses almost nothing, just like one that waits for a processor.
    #[tokio::test]
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "macos"))]
    async fn waiting_for_a_processor_does_not_count() {
        let used = CpuTimed::new(Box::pin(async {
            for _ in 0..10 {
                std::thread::sleep(SLICE * 2);
                used();
                tokio::task::yield_now().await;
                std::thread::sleep(SLICE * 2);
            }
            used()
        }))
        .await;
        assert!(used >= SLICE && used < SLICE * 4, "{used:?}");
    }

    /// Many short polls add up, although none is as long as a slice.
    #[tokio::test]
    async fn short_polls_add_up() {
        let spent = Duration::from_millis(1);
        let used = CpuTimed::new(Box::pin(async {
            for _ in 0..60 {
                compute(spent);
                tokio::task::yield_now().await;
            }
            used()
        }))
        .await;
        assert!(used >= spent * 60 - SLICE * 2, "{used:?}");
    }

    /// The first slice ends when the thread has computed that long, not when it was descheduled.
    #[tokio::test]
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "macos"))]
    async fn only_computing_makes_an_invocation_long() {
        let waiting = || std::thread::sleep(SLICE * 2);
        let computing = || compute(SLICE * 2);
        for (work, long) in [(&waiting as &(dyn Fn() + Sync), false), (&computing, true)] {
            let mut timed = CpuTimed::new(Box::pin(async {
                for _ in 0..4 {
                    work();
                    used();
                    tokio::task::yield_now().await;
                }
            }));
            poll_fn(|cx| Pin::new(&mut timed).poll(cx)).await;
            assert_eq!(take_long(), long);
        }
    }

    /// An invocation that panics leaves its caller's time unchanged.
    #[tokio::test]
    async fn panic_ends_a_span() {
        let spent = SLICE * 2;
        let outer = CpuTimed::new(Box::pin(async {
            compute(spent);
            used();
            let mut inner = CpuTimed::new(Box::pin(async { panic!("on purpose") }));
            let polled = AssertUnwindSafe(poll_fn(|cx| Pin::new(&mut inner).poll(cx)));
            let panicked: Result<(), _> = polled.catch_unwind().await;
            assert!(panicked.is_err());
            compute(spent);
            tokio::task::yield_now().await;
            used()
        }))
        .await;
        assert!(outer >= SLICE + spent, "{outer:?}");
    }

    /// A nested invocation is charged its own time and its caller is not, whichever is measured exactly.
    #[tokio::test]
    async fn nested_time_counts_for_the_inner_invocation() {
        let spent = SLICE * 4;
        for before in [Duration::ZERO, SLICE * 2] {
            let (inner, outer) = CpuTimed::new(Box::pin(async {
                compute(before);
                used();
                let inner = CpuTimed::new(Box::pin(async {
                    compute(spent);
                    used();
                    tokio::task::yield_now().await;
                    compute(spent);
                    used()
                }))
                .await;
                (inner, used())
            }))
            .await;
            assert!(inner >= SLICE + spent, "{inner:?}");
            assert!(inner < spent * 3, "{inner:?}");
            assert!(outer < before + spent, "{outer:?}");
        }
    }
}
