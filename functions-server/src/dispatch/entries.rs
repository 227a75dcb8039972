//! What a scheduler knows of the calls that have not ended: which of them run, and which run next.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use crate::store::Time;
use crate::store::calls::{After, Unfinished, Waiting};

/// How many runs there are at once, of all endpoints. One begins a run only while it has fewer than are free:
/// however many are slow, others find room.
const MAX_RUNNING: usize = 1000;

/// The calls that have not ended.
#[derive(Debug)]
pub(super) struct Entries {
    calls: HashMap<i64, Entry>,
    lanes: HashMap<Arc<str>, Lane>,
    /// The endpoints with calls to run, each once: they take turns.
    turns: VecDeque<Arc<str>>,
    timers: BTreeSet<(Time, i64, Timer)>,
    running: usize,
    runs: u64,
    /// How many runs one endpoint has at once.
    concurrency: usize,
}

#[derive(Debug)]
struct Entry {
    endpoint: Arc<str>,
    parent: Option<i64>,
    expires: Time,
    phase: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    /// In the queue of its endpoint.
    Queued,
    /// Runs once its timer ends.
    Delayed(Time),
    /// The number of the run.
    Running(u64),
    Suspended {
        outstanding: usize,
        ready: usize,
        min_results: usize,
        wake: Option<Time>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Due,
    Expires,
}

/// The calls of one endpoint.
#[derive(Debug, Default)]
struct Lane {
    queue: VecDeque<i64>,
    running: usize,
    is_in_line: bool,
}

/// A call to run now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) call: i64,
    pub(super) run: u64,
}

impl Entries {
    pub(super) fn new(concurrency: usize) -> Self {
        Self {
            calls: HashMap::new(),
            lanes: HashMap::new(),
            turns: VecDeque::new(),
            timers: BTreeSet::new(),
            running: 0,
            runs: 0,
            concurrency: concurrency.max(1),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.calls.len()
    }

    /// Adds a call that is to be run.
    pub(super) fn add(&mut self, call: &Unfinished, now: Time) {
        let endpoint = match self.lanes.get_key_value(call.endpoint.as_str()) {
            Some((endpoint, _)) => endpoint.clone(),
            None => Arc::from(call.endpoint.as_str()),
        };
        self.remove(call.number);
        self.timers
            .insert((call.expires, call.number, Timer::Expires));
        let entry = Entry {
            endpoint,
            parent: call.parent,
            expires: call.expires,
            phase: Phase::Delayed(call.due),
        };
        self.calls.insert(call.number, entry);
        self.delay(call.number, call.due, now);
    }

    /// Makes a call wait for its own calls, which have been added.
    pub(super) fn suspend(&mut self, call: i64, waiting: &Waiting, now: Time) {
        let all = waiting.outstanding.len();
        let known = |child: &&i64| self.calls.contains_key(child);
        let outstanding = waiting.outstanding.iter().filter(known).count();
        self.leave(call);
        if let Some(entry) = self.calls.get_mut(&call) {
            entry.phase = Phase::Suspended {
                outstanding,
                // Those that ended before the scheduler heard of the poll.
                ready: waiting.ready + all - outstanding,
                min_results: waiting.min_results,
                wake: waiting.wake,
            };
            if let Some(wake) = waiting.wake {
                self.timers.insert((wake, call, Timer::Due));
            }
        }
        self.resume_if_ready(call, now);
    }

    /// A run has ended, and what follows is committed. Returns the calls that ended with it.
    pub(super) fn ran(&mut self, run: Run, after: After, now: Time) -> Vec<i64> {
        let is_current = self.calls.get(&run.call).map(|entry| entry.phase);
        if is_current != Some(Phase::Running(run.run)) {
            return Vec::new();
        }
        match after {
            // It had ended. Whoever ended it may have said so before this call was known here.
            After::Nothing => self.end(run.call, now),
            After::Ended => {
                self.end(run.call, now);
                return vec![run.call];
            }
            After::Due(due) => self.delay(run.call, due, now),
            After::Suspended { waiting, children } => {
                for child in &children {
                    self.add(child, now);
                }
                self.suspend(run.call, &waiting, now);
            }
            After::Moved {
                endpoint,
                due,
                cancelled,
            } => {
                for call in &cancelled {
                    self.end(*call, now);
                }
                self.leave(run.call);
                if let Some(entry) = self.calls.get_mut(&run.call) {
                    entry.endpoint = Arc::from(endpoint);
                }
                self.delay(run.call, due, now);
                return cancelled;
            }
        }
        Vec::new()
    }

    /// A call has ended. Its parent may go on.
    pub(super) fn end(&mut self, call: i64, now: Time) {
        let Some(entry) = self.remove(call) else {
            return;
        };
        let Some(parent) = entry.parent else { return };
        if let Some(parent) = self.calls.get_mut(&parent)
            && let Phase::Suspended {
                outstanding, ready, ..
            } = &mut parent.phase
        {
            *outstanding = outstanding.saturating_sub(1);
            *ready += 1;
        }
        self.resume_if_ready(parent, now);
    }

    /// Forgets a call.
    fn remove(&mut self, call: i64) -> Option<Entry> {
        self.leave(call);
        let entry = self.calls.remove(&call)?;
        self.timers.remove(&(entry.expires, call, Timer::Expires));
        Some(entry)
    }

    /// Takes a call out of the phase that it is in: it waits for nothing.
    fn leave(&mut self, call: i64) {
        let Some(entry) = self.calls.get_mut(&call) else {
            return;
        };
        let phase = std::mem::replace(&mut entry.phase, Phase::Delayed(Time(0)));
        match phase {
            // Skipped when its turn comes.
            Phase::Queued => {}
            Phase::Delayed(due)
            | Phase::Suspended {
                wake: Some(due), ..
            } => {
                self.timers.remove(&(due, call, Timer::Due));
            }
            Phase::Suspended { wake: None, .. } => {}
            Phase::Running(_) => {
                self.running = self.running.saturating_sub(1);
                let endpoint = entry.endpoint.clone();
                if let Some(lane) = self.lanes.get_mut(&endpoint) {
                    lane.running = lane.running.saturating_sub(1);
                }
                self.take_turn(&endpoint);
            }
        }
    }

    fn delay(&mut self, call: i64, due: Time, now: Time) {
        if due <= now {
            return self.queue(call);
        }
        self.leave(call);
        if let Some(entry) = self.calls.get_mut(&call) {
            entry.phase = Phase::Delayed(due);
            self.timers.insert((due, call, Timer::Due));
        }
    }

    fn queue(&mut self, call: i64) {
        self.leave(call);
        if let Some(entry) = self.calls.get_mut(&call) {
            entry.phase = Phase::Queued;
            let endpoint = entry.endpoint.clone();
            self.lanes
                .entry(endpoint.clone())
                .or_default()
                .queue
                .push_back(call);
            self.take_turn(&endpoint);
        }
    }

    /// Puts an endpoint in line if it can run a call; forgets it if it has none.
    fn take_turn(&mut self, endpoint: &Arc<str>) {
        let Some(lane) = self.lanes.get_mut(endpoint) else {
            return;
        };
        if lane.queue.is_empty() && lane.running == 0 {
            self.lanes.remove(endpoint);
        } else if !lane.queue.is_empty() && lane.running < self.concurrency && !lane.is_in_line {
            lane.is_in_line = true;
            self.turns.push_back(endpoint.clone());
        }
    }

    fn resume_if_ready(&mut self, call: i64, now: Time) {
        let Some(Entry {
            phase:
                Phase::Suspended {
                    outstanding,
                    ready,
                    min_results,
                    wake,
                },
            ..
        }) = self.calls.get(&call)
        else {
            return;
        };
        let has_all = *outstanding == 0 && (*ready > 0 || wake.is_none());
        if *ready >= *min_results || has_all || wake.is_some_and(|wake| wake <= now) {
            self.queue(call);
        }
    }

    /// The next call to run, if one can run now.
    pub(super) fn next_run(&mut self) -> Option<Run> {
        // Each endpoint in line is looked at once.
        for _ in 0..self.turns.len() {
            let free = MAX_RUNNING.saturating_sub(self.running);
            if free == 0 {
                return None;
            }
            let endpoint = self.turns.pop_front()?;
            let Some(lane) = self.lanes.get_mut(&endpoint) else {
                continue;
            };
            if lane.running >= free {
                self.turns.push_back(endpoint);
                continue;
            }
            lane.is_in_line = false;
            let mut next = None;
            while let Some(call) = lane.queue.pop_front() {
                let entry = self.calls.get_mut(&call);
                // It may have ended, or moved to another endpoint.
                let queued = entry
                    .filter(|entry| entry.phase == Phase::Queued && entry.endpoint == endpoint);
                if let Some(entry) = queued {
                    self.runs += 1;
                    entry.phase = Phase::Running(self.runs);
                    lane.running += 1;
                    next = Some(Run {
                        call,
                        run: self.runs,
                    });
                    break;
                }
            }
            self.take_turn(&endpoint);
            if next.is_some() {
                self.running += 1;
                return next;
            }
        }
        None
    }

    /// Queues the calls that are due, and returns those that have expired. They are still there.
    pub(super) fn elapse(&mut self, now: Time) -> Vec<i64> {
        let mut expired = Vec::new();
        while let Some((time, call, timer)) = self.timers.first().copied() {
            if time > now {
                break;
            }
            self.timers.pop_first();
            match timer {
                Timer::Due => self.queue(call),
                Timer::Expires => expired.push(call),
            }
        }
        expired
    }

    /// Looks at an expired call again later: it could not be ended.
    pub(super) fn expire_again(&mut self, call: i64, at: Time) {
        if let Some(entry) = self.calls.get_mut(&call) {
            entry.expires = at;
            self.timers.insert((at, call, Timer::Expires));
        }
    }

    /// When [`elapse`](Self::elapse) has something to do.
    pub(super) fn next_timer(&self) -> Option<Time> {
        self.timers.first().map(|(time, ..)| *time)
    }

    /// A call that was ended runs again. Its parent waits for it once more, unless it took the result.
    pub(super) fn revive(&mut self, call: &Unfinished, now: Time) {
        self.add(call, now);
        if let Some(parent) = call.parent.and_then(|parent| self.calls.get_mut(&parent))
            && let Phase::Suspended {
                outstanding, ready, ..
            } = &mut parent.phase
            && *ready > 0
        {
            *outstanding += 1;
            *ready -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(1_000_000);

    fn call(number: i64, endpoint: &str, parent: Option<i64>) -> Unfinished {
        Unfinished {
            number,
            parent,
            endpoint: endpoint.to_owned(),
            is_suspended: false,
            due: NOW,
            expires: Time(9_000_000),
        }
    }

    fn runs(entries: &mut Entries) -> Vec<i64> {
        std::iter::from_fn(|| entries.next_run())
            .map(|run| run.call)
            .collect()
    }

    /// Endpoints take turns, and one has no more runs at once than it may.
    #[test]
    fn endpoints_take_turns() {
        let mut entries = Entries::new(2);
        for number in 1..=4 {
            entries.add(&call(number, "a", None), NOW);
        }
        entries.add(&call(5, "b", None), NOW);
        assert_eq!(runs(&mut entries), [1, 5, 2]);
        let ended = entries.ran(Run { call: 1, run: 1 }, After::Ended, NOW);
        assert_eq!((ended, runs(&mut entries)), (vec![1], vec![3]));
    }

    /// However many endpoints are slow, another finds room.
    #[test]
    fn slow_endpoints_leave_room() {
        let mut entries = Entries::new(100);
        let mut number = 0;
        for slow in 0..20 {
            for _ in 0..100 {
                number += 1;
                entries.add(&call(number, &format!("slow{slow}"), None), NOW);
            }
        }
        let begun = runs(&mut entries).len();
        assert!((900..MAX_RUNNING).contains(&begun), "{begun}");
        entries.add(&call(9999, "quick", None), NOW);
        assert_eq!(runs(&mut entries), [9999]);
    }

    /// A stale run is nothing to a call that runs again.
    #[test]
    fn stale_runs_are_ignored() {
        let mut entries = Entries::new(1);
        entries.add(&call(1, "a", None), NOW);
        let run = entries.next_run().unwrap();
        entries.end(1, NOW);
        entries.add(&call(1, "a", None), NOW);
        assert!(entries.ran(run, After::Ended, NOW).is_empty());
        assert_eq!((entries.len(), runs(&mut entries)), (1, vec![1]));
    }

    fn waiting(outstanding: &[i64], min_results: usize, wake: Option<Time>) -> Waiting {
        Waiting {
            outstanding: outstanding.to_vec(),
            ready: 0,
            min_results,
            wake,
        }
    }

    fn suspended(min_results: usize, wake: Option<Time>, children: &[i64]) -> Entries {
        let mut entries = Entries::new(10);
        entries.add(&call(1, "a", None), NOW);
        let run = entries.next_run().unwrap();
        let after = After::Suspended {
            waiting: waiting(children, min_results, wake),
            children: children
                .iter()
                .map(|child| call(*child, "a", Some(1)))
                .collect(),
        };
        entries.ran(run, after, NOW);
        entries
    }

    /// A call goes on with enough results, with all there are, or when its wait ends.
    #[test]
    fn poll_ends_with_results_or_its_wait() {
        let mut entries = suspended(2, None, &[2, 3, 4]);
        assert_eq!(runs(&mut entries), [2, 3, 4]);
        entries.end(2, NOW);
        assert!(runs(&mut entries).is_empty());
        entries.end(3, NOW);
        assert_eq!(runs(&mut entries), [1]);

        let mut entries = suspended(5, None, &[2]);
        assert_eq!(runs(&mut entries), [2]);
        entries.end(2, NOW);
        assert_eq!(runs(&mut entries), [1]);

        let wake = Time(NOW.0 + 10);
        let mut entries = suspended(1, Some(wake), &[]);
        assert!(runs(&mut entries).is_empty());
        assert_eq!(entries.next_timer(), Some(wake));
        assert!(entries.elapse(wake).is_empty());
        assert_eq!(runs(&mut entries), [1]);
        assert_eq!(runs(&mut suspended(1, None, &[])), [1]);
    }

    /// A child that ended before the scheduler heard of its parent's poll counts.
    #[test]
    fn early_results_count() {
        let mut entries = suspended(1, None, &[2, 3]);
        entries.next_run().unwrap();
        entries.end(2, NOW);
        let parent = std::iter::from_fn(|| entries.next_run())
            .find(|run| run.call == 1)
            .unwrap();
        entries.end(3, NOW);
        let after = After::Suspended {
            waiting: waiting(&[3], 1, None),
            children: vec![],
        };
        entries.ran(parent, after, NOW);
        assert_eq!(runs(&mut entries), [1]);
    }

    /// An expired call is returned once, whatever it waits for.
    #[test]
    fn expired_calls_are_returned() {
        let mut entries = suspended(1, None, &[2]);
        assert_eq!(entries.elapse(Time(9_000_000)), [1, 2]);
        assert!(entries.elapse(Time(9_000_001)).is_empty());
    }
}
