//! Looks at the time of an invocation wherever it comes back to the host.
//!
//! Compiled code looks at the epoch where it loops and where a function begins. A function without
//! either, that calls the host again and again in a straight line, would never be looked at: so the
//! host's own functions do.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::{State, cpu_time};

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
}

impl State {
    /// Fails if the invocation has used up its time.
    pub(crate) fn look_at_time(&mut self) -> wasmtime::Result<()> {
        let used = cpu_time::used();
        self.time.used = used;
        if used > self.time.cpu_time {
            return Err(OutOfTime::Cpu.into());
        }
        let deadline = self.call.deadline;
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Err(OutOfTime::Wall.into());
        }
        Ok(())
    }

    /// On the way back from a host call: fails if the invocation has used up its time, and lets others
    /// run if it has computed for a while. As a rule no epoch has passed, and this is nothing.
    pub(super) async fn check_time(&mut self) -> wasmtime::Result<()> {
        let epoch = EPOCH.load(Ordering::Relaxed);
        if epoch == self.time.epoch {
            return Ok(());
        }
        self.time.epoch = epoch;
        let before = self.time.used;
        self.look_at_time()?;
        // An invocation that has waited has let others run.
        if self.time.used.saturating_sub(before) >= cpu_time::SLICE / 4 {
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}
