//! Recorded clocks. The worker's own clock continues while the worker is not loaded.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use wasmtime::Result;
use wasmtime::component::Resource;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::bindings::clocks::{monotonic_clock, wall_clock};
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};

use super::state::InstanceState;
use crate::workers::journal::{Journal, JournalEntry};

/// What both clocks say they can tell apart, in nanoseconds. Always the same.
const RESOLUTION: u32 = 1_000;

impl wall_clock::Host for &mut InstanceState {
    fn now(&mut self) -> Result<wall_clock::Datetime> {
        let live = |_: &mut InstanceState| {
            let now = since(UNIX_EPOCH);
            JournalEntry::WallClock {
                seconds: now.as_secs(),
                nanoseconds: now.subsec_nanos(),
            }
        };
        self.recorded("wall-clock.now", live, |entry| match entry {
            JournalEntry::WallClock {
                seconds,
                nanoseconds,
            } => Some(wall_clock::Datetime {
                seconds: *seconds,
                nanoseconds: *nanoseconds,
            }),
            _ => None,
        })
    }

    fn resolution(&mut self) -> Result<wall_clock::Datetime> {
        Ok(wall_clock::Datetime {
            seconds: 0,
            nanoseconds: RESOLUTION,
        })
    }
}

impl monotonic_clock::Host for &mut InstanceState {
    fn now(&mut self) -> Result<u64> {
        let live = |state: &mut InstanceState| {
            let now = nanoseconds(since(state.created));
            JournalEntry::Monotonic(now.max(state.clock))
        };
        let now = self.recorded("monotonic-clock.now", live, |entry| match entry {
            JournalEntry::Monotonic(now) => Some(*now),
            _ => None,
        })?;
        self.clock = now;
        Ok(now)
    }

    fn resolution(&mut self) -> Result<u64> {
        Ok(u64::from(RESOLUTION))
    }

    fn subscribe_instant(&mut self, when: u64) -> Result<Resource<DynPollable>> {
        let at = self.created.checked_add(Duration::from_nanos(when));
        let journal = self.journal.clone();
        let deadline = self.table.push(Deadline { at, journal })?;
        let pollable = subscribe(&mut self.table, deadline)?;
        self.sleeps.add(&pollable, at);
        Ok(pollable)
    }

    fn subscribe_duration(&mut self, duration: u64) -> Result<Resource<DynPollable>> {
        let now = monotonic_clock::Host::now(self)?;
        self.subscribe_instant(now.saturating_add(duration))
    }
}

/// An instant of the worker's clock. A worker that sleeps across a restart wakes at this instant.
struct Deadline {
    /// `None`: beyond what the system's clock can say.
    at: Option<SystemTime>,
    journal: Arc<Journal>,
}

#[async_trait]
impl Pollable for Deadline {
    async fn ready(&mut self) {
        // It is only awaited where it was ready.
        if self.journal.is_replaying() {
            return;
        }
        let Some(at) = self.at else {
            return std::future::pending().await;
        };
        match at.duration_since(SystemTime::now()) {
            Ok(wait) => tokio::time::sleep(wait).await,
            // Past already. A guest that polls in a loop lets others run.
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

fn since(start: SystemTime) -> Duration {
    SystemTime::now().duration_since(start).unwrap_or_default()
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
