//! Checks an invocation's time limits in host calls.
//!
//! Compiled code checks the epoch in loops and at function entries. A function without either, which
//! calls the host again and again in a straight line, would never be checked. So the host's own
//! functions check too.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::cpu_time;

/// Counts the epochs of all engines.
static EPOCH: AtomicU64 = AtomicU64::new(0);

/// Starts the next epoch.
pub(crate) fn next_epoch() {
    EPOCH.fetch_add(1, Ordering::Relaxed);
}

/// The current epoch.
pub(crate) fn epoch() -> u64 {
    EPOCH.load(Ordering::Relaxed)
}

/// Why a running invocation has to end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutOfTime {
    #[error("CPU time limit")]
    Cpu,
    #[error("time limit")]
    Wall,
}

/// When an invocation was last checked, and how long it may compute.
pub(crate) struct TimeCheck {
    cpu_time: Duration,
    /// The epoch of the last check.
    epoch: u64,
    /// The CPU time used at the last check.
    used: Duration,
    /// The CPU time after which it was last paused.
    paused: Duration,
}

impl TimeCheck {
    pub(crate) fn new(cpu_time: Duration) -> Self {
        Self {
            cpu_time,
            epoch: epoch(),
            used: Duration::ZERO,
            paused: Duration::ZERO,
        }
    }

    /// The CPU time limit.
    pub(crate) fn cpu_time(&self) -> Duration {
        self.cpu_time
    }

    /// How long to pause an invocation that may use a share of a processor, for what it computed since the
    /// last pause.
    pub(crate) fn pause(&mut self, share: f64) -> Option<Duration> {
        let spent = self.used.saturating_sub(self.paused);
        self.paused = self.used;
        let pause = spent.mul_f64((1.0 / share - 1.0).clamp(0.0, 1e4));
        (!pause.is_zero()).then_some(pause)
    }

    /// Fails if the invocation is over its CPU time or past its deadline.
    pub(crate) fn check_deadline(&mut self, deadline: Option<Instant>) -> Result<(), OutOfTime> {
        let used = cpu_time::used();
        self.used = used;
        if used > self.cpu_time {
            return Err(OutOfTime::Cpu);
        }
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Err(OutOfTime::Wall);
        }
        Ok(())
    }

    /// Checks the limits on the way back from a host call, and yields if it has computed for a while.
    ///
    /// Usually no epoch has passed, and this does nothing.
    pub(crate) async fn check(&mut self, deadline: Option<Instant>) -> Result<(), OutOfTime> {
        let epoch = epoch();
        if epoch == self.epoch {
            return Ok(());
        }
        self.epoch = epoch;
        let before = self.used;
        self.check_deadline(deadline)?;
        // An invocation that has waited has already yielded.
        if self.used.saturating_sub(before) >= cpu_time::SLICE / 4 {
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}
