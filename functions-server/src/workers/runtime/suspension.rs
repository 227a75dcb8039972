//! Long sleeps: a guest that waits for nothing but the clock needs no instance meanwhile.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use wasmtime::component::Resource;
use wasmtime_wasi::p2::DynPollable;

/// The guest sleeps until then. Its instance is dropped, and the replay comes back to the same sleep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the worker sleeps")]
pub(crate) struct Suspended {
    pub(crate) until: SystemTime,
}

/// What tells whether a guest only sleeps.
#[derive(Debug)]
pub(super) struct Sleeps {
    /// How long a sleep has to be to be told.
    least: Duration,
    /// When each pollable of a clock is ready, by its number in the table.
    deadlines: HashMap<u32, SystemTime>,
    /// Cloned by each request in flight. It would be sent again if its instance was dropped.
    in_flight: InFlightRequest,
}

/// A request in flight, until it is dropped.
#[derive(Debug, Clone, Default)]
pub(super) struct InFlightRequest(Arc<()>);

impl Sleeps {
    pub(super) fn new(least: Duration) -> Self {
        Self {
            least,
            deadlines: HashMap::new(),
            in_flight: InFlightRequest::default(),
        }
    }

    pub(super) fn add(&mut self, pollable: &Resource<DynPollable>, at: Option<SystemTime>) {
        if let Some(at) = at {
            self.deadlines.insert(pollable.rep(), at);
        }
    }

    pub(super) fn remove(&mut self, pollable: &Resource<DynPollable>) {
        self.deadlines.remove(&pollable.rep());
    }

    pub(super) fn begin_request(&self) -> InFlightRequest {
        self.in_flight.clone()
    }

    pub(super) fn has_requests(&self) -> bool {
        Arc::strong_count(&self.in_flight.0) > 1
    }

    /// Until when the guest sleeps, if it waits for these and it is long.
    pub(super) fn until(
        &self,
        pollables: &[Resource<DynPollable>],
        now: SystemTime,
    ) -> Option<SystemTime> {
        if self.has_requests() {
            return None;
        }
        let deadlines = pollables
            .iter()
            .map(|pollable| self.deadlines.get(&pollable.rep()).copied());
        let first = deadlines.collect::<Option<Vec<_>>>()?.into_iter().min()?;
        (first.duration_since(now).ok()? > self.least).then_some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only long waits for the clock alone, without a request in flight, are sleeps.
    #[test]
    fn sleeps_are_told_from_other_waits() {
        let now = SystemTime::now();
        let mut sleeps = Sleeps::new(Duration::from_secs(10));
        let at = |seconds| now + Duration::from_secs(seconds);
        for (rep, seconds) in [(1, 60), (2, 30), (3, 10)] {
            sleeps.add(&Resource::new_borrow(rep), Some(at(seconds)));
        }
        let until = |sleeps: &Sleeps, reps: &[u32]| {
            let pollables: Vec<_> = reps.iter().map(|rep| Resource::new_borrow(*rep)).collect();
            sleeps.until(&pollables, now)
        };
        assert_eq!(until(&sleeps, &[1, 2]), Some(at(30)));
        assert_eq!(until(&sleeps, &[1, 3]), None, "too short");
        assert_eq!(until(&sleeps, &[1, 4]), None, "not a clock");
        assert_eq!(until(&sleeps, &[]), None);
        let request = sleeps.begin_request();
        assert_eq!(until(&sleeps, &[1]), None, "a request is in flight");
        drop(request);
        assert_eq!(until(&sleeps, &[1]), Some(at(60)));
        sleeps.remove(&Resource::new_borrow(1));
        assert_eq!(until(&sleeps, &[1]), None);
    }
}
