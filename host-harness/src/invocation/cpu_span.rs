//! How much CPU time a span of computing has taken.

use std::time::{Duration, Instant};

use super::cpu_bound::SLICE;

/// How much CPU time an invocation has used.
#[derive(Clone, Copy, Default)]
pub(super) struct Usage {
    pub(super) total: Duration,
    /// The part of `total` that the thread's clock has measured.
    pub(super) measured: Duration,
    /// Whether the thread's clock counts from now on.
    pub(super) exact: bool,
}

impl Usage {
    /// Whether the first slice is used up for certain. Under load, the wall clock says so even of
    /// invocations that have hardly run.
    pub(super) fn is_long(&self) -> bool {
        self.measured >= SLICE / 2
    }
}

/// A span of computing: its start, and the usage before it.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) since: Moment,
    pub(super) before: Usage,
}

#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) wall: Instant,
    /// This thread's CPU time, if it is needed.
    pub(super) cpu: Option<Duration>,
}

impl Moment {
    pub(super) fn now(exact: bool) -> Self {
        Self {
            wall: Instant::now(),
            cpu: exact.then(thread_cpu_time),
        }
    }
}

impl Span {
    /// What the invocation has used, up to `now` on this thread.
    pub(super) fn usage(&self, now: Moment) -> Usage {
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
    pub(super) fn skip(&mut self, from: Moment, to: Moment) {
        self.since.wall += to.wall.saturating_duration_since(from.wall);
        if let (Some(since), Some(from), Some(to)) = (&mut self.since.cpu, from.cpu, to.cpu) {
            *since += to.saturating_sub(from);
        }
    }
}

/// How long this thread has been running on a processor.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "macos"))]
pub(crate) fn thread_cpu_time() -> Duration {
    // Cannot fail: the clock exists, and the result has a valid address.
    nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID)
        .map_or(Duration::ZERO, Duration::from)
}

/// Other systems also count the time that the thread waits for a processor.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos")))]
pub(crate) fn thread_cpu_time() -> Duration {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    START.elapsed()
}
