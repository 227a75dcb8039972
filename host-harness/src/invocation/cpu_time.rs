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

use super::cpu_bound::CpuBound;
pub(crate) use super::cpu_bound::SLICE;

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

/// A future whose time in `poll` is measured, and can be read from inside. Its function is charged for it.
#[must_use]
pub(crate) struct CpuTimed<'a, F> {
    future: F,
    usage: Usage,
    span: Option<(Instant, Instant)>,
    function: &'a CpuBound,
}

impl<'a, F> CpuTimed<'a, F> {
    pub(crate) fn new(future: F, function: &'a CpuBound) -> Self {
        let usage = Usage {
            exact: function.is_suspected(),
            ..Usage::default()
        };
        Self {
            future,
            usage,
            span: None,
            function,
        }
    }

    /// When the first poll started, and when the last one ended.
    pub(crate) fn span(&self) -> Option<(Instant, Instant)> {
        self.span
    }

    /// How much CPU time was used.
    pub(crate) fn total(&self) -> Duration {
        self.usage.total
    }
}

impl<F: Future + Unpin> Future for CpuTimed<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Self {
            future,
            usage,
            span,
            function,
        } = &mut *self;
        let _guard = PollGuard::enter(usage, span, function);
        Pin::new(future).poll(cx)
    }
}

/// The measurement of one poll. Ends when dropped, also by a panic: the caller may continue.
struct PollGuard<'a> {
    usage: &'a mut Usage,
    span: &'a mut Option<(Instant, Instant)>,
    function: &'a CpuBound,
    started: Moment,
    outer: Option<Span>,
}

impl<'a> PollGuard<'a> {
    fn enter(
        usage: &'a mut Usage,
        span: &'a mut Option<(Instant, Instant)>,
        function: &'a CpuBound,
    ) -> Self {
        let outer = RUNNING.get();
        let started = Moment::now(usage.exact || outer.is_some_and(|outer| outer.before.exact));
        RUNNING.set(Some(Span {
            since: started,
            before: *usage,
        }));
        Self {
            usage,
            span,
            function,
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
            let Usage {
                total, measured, ..
            } = *self.usage;
            self.function.record(total, measured, ended.wall);
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
mod tests;
