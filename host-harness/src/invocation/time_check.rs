//! Looks at the time of an invocation wherever it comes back to the host.
//!
//! Compiled code looks at the epoch where it loops and where a function begins. A function without
//! either, that calls the host again and again in a straight line, would never be looked at: so the
//! host's own functions do.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::cpu_time;

/// Counts up with the epochs of whatever engines there are.
static EPOCH: AtomicU64 = AtomicU64::new(0);

/// Begins the next epoch.
pub(crate) fn next_epoch() {
    EPOCH.fetch_add(1, Ordering::Relaxed);
}

/// Why an invocation that runs has to end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutOfTime {
    #[error("CPU time limit")]
    Cpu,
    #[error("time limit")]
    Wall,
}

/// When an invocation was last looked at, and how much it may compute.
pub(crate) struct TimeCheck {
    cpu_time: Duration,
    /// The epoch of the last look.
    epoch: u64,
    /// What it had used by then.
    used: Duration,
}

impl TimeCheck {
    pub(crate) fn new(cpu_time: Duration) -> Self {
        Self {
            cpu_time,
            epoch: EPOCH.load(Ordering::Relaxed),
            used: Duration::ZERO,
        }
    }

    /// The limit that it checks.
    pub(crate) fn cpu_time(&self) -> Duration {
        self.cpu_time
    }

    /// Fails if the invocation has used up its time.
    pub(crate) fn look(&mut self, deadline: Option<Instant>) -> Result<(), OutOfTime> {
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

    /// On the way back from a host call: fails if the invocation has used up its time, and lets others
    /// run if it has computed for a while. As a rule no epoch has passed, and this is nothing.
    pub(crate) async fn check(&mut self, deadline: Option<Instant>) -> Result<(), OutOfTime> {
        let epoch = EPOCH.load(Ordering::Relaxed);
        if epoch == self.epoch {
            return Ok(());
        }
        self.epoch = epoch;
        let before = self.used;
        self.look(deadline)?;
        // An invocation that has waited has let others run.
        if self.used.saturating_sub(before) >= cpu_time::SLICE / 4 {
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}
