//! Endpoints take turns: which of them runs a call next.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// How many runs there are at once, of all endpoints. One begins a further run only while it has fewer than are
/// free: however many are slow, others find room.
pub(super) const MAX_RUNNING: usize = 1000;

/// How many there are with the first runs of endpoints that have none yet. Slow endpoints that come one after
/// another each take a part of what the earlier ones left, until nothing is.
pub(super) const MAX_WITH_FIRST: usize = 2 * MAX_RUNNING;

/// The calls to run, by endpoint.
#[derive(Debug)]
pub(super) struct Turns {
    lanes: HashMap<Arc<str>, Lane, foldhash::quality::RandomState>,
    /// The endpoints with calls to run, each once.
    line: VecDeque<Arc<str>>,
    running: usize,
    /// How many runs one endpoint has at once.
    concurrency: usize,
}

/// The calls of one endpoint.
#[derive(Debug, Default)]
struct Lane {
    queue: VecDeque<i64>,
    running: usize,
    is_in_line: bool,
}

impl Turns {
    pub(super) fn new(concurrency: usize) -> Self {
        Self {
            lanes: HashMap::default(),
            line: VecDeque::new(),
            running: 0,
            concurrency: concurrency.max(1),
        }
    }

    /// The endpoint as it is known here, so that its calls share one text.
    pub(super) fn endpoint(&self, given: &Arc<str>) -> Arc<str> {
        let known = self.lanes.get_key_value(given);
        known.map_or(given, |(endpoint, _)| endpoint).clone()
    }

    /// Queues a call.
    pub(super) fn push(&mut self, endpoint: &Arc<str>, call: i64) {
        let lane = self.lanes.entry(endpoint.clone()).or_default();
        lane.queue.push_back(call);
        self.get_in_line(endpoint);
    }

    /// A run has ended.
    pub(super) fn ended(&mut self, endpoint: &Arc<str>) {
        self.running = self.running.saturating_sub(1);
        if let Some(lane) = self.lanes.get_mut(endpoint) {
            lane.running = lane.running.saturating_sub(1);
        }
        self.get_in_line(endpoint);
    }

    /// Puts an endpoint in line if it can run a call; forgets it if it has none.
    fn get_in_line(&mut self, endpoint: &Arc<str>) {
        let Some(lane) = self.lanes.get_mut(endpoint) else {
            return;
        };
        if lane.queue.is_empty() && lane.running == 0 {
            self.lanes.remove(endpoint);
        } else if !lane.queue.is_empty() && lane.running < self.concurrency && !lane.is_in_line {
            lane.is_in_line = true;
            self.line.push_back(endpoint.clone());
        }
    }

    /// The next call to run, if one can run now; it counts as running. Those that are not `queued` any more at
    /// their endpoint are skipped.
    pub(super) fn next(&mut self, queued: impl Fn(i64, &Arc<str>) -> bool) -> Option<i64> {
        // Each endpoint in line is looked at once.
        for _ in 0..self.line.len() {
            if self.running >= MAX_WITH_FIRST {
                return None;
            }
            let free = MAX_RUNNING.saturating_sub(self.running);
            let endpoint = self.line.pop_front()?;
            let Some(lane) = self.lanes.get_mut(&endpoint) else {
                continue;
            };
            if lane.running > 0 && lane.running >= free {
                self.line.push_back(endpoint);
                continue;
            }
            lane.is_in_line = false;
            let mut next = None;
            while let Some(call) = lane.queue.pop_front() {
                if queued(call, &endpoint) {
                    next = Some(call);
                    break;
                }
            }
            if next.is_some() {
                lane.running += 1;
                self.running += 1;
            }
            self.get_in_line(&endpoint);
            if next.is_some() {
                return next;
            }
        }
        None
    }
}
