//! What a scheduler knows of the calls that have not ended: which of them run, and which run next.

mod timers;
mod turns;

use std::collections::HashMap;
use std::sync::Arc;

use self::timers::{Timer, Timers};
use self::turns::Turns;
use crate::store::Time;
use crate::store::calls::{After, UnfinishedCall, WaitCondition};

/// The calls that have not ended.
#[derive(Debug)]
pub(super) struct Entries {
    calls: HashMap<i64, CallEntry, foldhash::fast::RandomState>,
    turns: Turns,
    timers: Timers,
    runs: u64,
}

#[derive(Debug)]
struct CallEntry {
    endpoint: Arc<str>,
    parent: Option<i64>,
    expires: Time,
    phase: CallPhase,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum CallPhase {
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

/// A call to run now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) call: i64,
    pub(super) run: u64,
}

impl Entries {
    pub(super) fn new(concurrency: usize) -> Self {
        Self {
            calls: HashMap::default(),
            turns: Turns::new(concurrency),
            timers: Timers::default(),
            runs: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.calls.len()
    }

    /// Adds a call that is to be run.
    pub(super) fn add(&mut self, call: &UnfinishedCall, now: Time) {
        self.remove(call.number);
        let (number, due) = (call.number, call.due);
        let endpoint = self.turns.endpoint(&call.endpoint);
        let phase = if due <= now {
            self.turns.push(&endpoint, number);
            CallPhase::Queued
        } else {
            self.timers.begins(due, number);
            CallPhase::Delayed(due)
        };
        self.timers.insert(call.expires, number, Timer::Expires);
        let entry = CallEntry {
            endpoint,
            parent: call.parent,
            expires: call.expires,
            phase,
        };
        self.calls.insert(number, entry);
    }

    /// Makes a call wait for its own calls, which have been added.
    pub(super) fn suspend(&mut self, call: i64, waiting: &WaitCondition, now: Time) {
        let all = waiting.outstanding.len();
        let known = |child: &&i64| self.calls.contains_key(child);
        let outstanding = waiting.outstanding.iter().filter(known).count();
        self.leave(call);
        if let Some(entry) = self.calls.get_mut(&call) {
            entry.phase = CallPhase::Suspended {
                outstanding,
                // Those that ended before the scheduler learned of the poll.
                ready: waiting.ready + all - outstanding,
                min_results: waiting.min_results,
                wake: waiting.wake,
            };
            if let Some(wake) = waiting.wake {
                self.timers.insert(wake, call, Timer::Due);
            }
        }
        self.resume_if_ready(call, now);
    }

    /// A run has ended, and what follows is committed. Returns the calls that ended with it.
    pub(super) fn ran(&mut self, run: Run, after: After, now: Time) -> Vec<i64> {
        let is_current = self.calls.get(&run.call).map(|entry| entry.phase);
        if is_current != Some(CallPhase::Running(run.run)) {
            return Vec::new();
        }
        match after {
            // It had ended. That may have been reported before this call was known here.
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

    /// A call has ended. Its parent may continue.
    pub(super) fn end(&mut self, call: i64, now: Time) {
        let Some(entry) = self.remove(call) else {
            return;
        };
        let Some(parent) = entry.parent else { return };
        if let Some(parent) = self.calls.get_mut(&parent)
            && let CallPhase::Suspended {
                outstanding, ready, ..
            } = &mut parent.phase
        {
            *outstanding = outstanding.saturating_sub(1);
            *ready += 1;
        }
        self.resume_if_ready(parent, now);
    }

    /// Forgets a call.
    fn remove(&mut self, call: i64) -> Option<CallEntry> {
        self.leave(call);
        let entry = self.calls.remove(&call)?;
        self.timers.remove(entry.expires, call, Timer::Expires);
        Some(entry)
    }

    /// Takes a call out of the phase that it is in: it waits for nothing.
    fn leave(&mut self, call: i64) {
        let Some(entry) = self.calls.get_mut(&call) else {
            return;
        };
        let phase = std::mem::replace(&mut entry.phase, CallPhase::Delayed(Time(0)));
        match phase {
            // Skipped when its turn comes.
            CallPhase::Queued => {}
            CallPhase::Delayed(due)
            | CallPhase::Suspended {
                wake: Some(due), ..
            } => {
                self.timers.remove(due, call, Timer::Due);
            }
            CallPhase::Suspended { wake: None, .. } => {}
            CallPhase::Running(_) => self.turns.ended(&entry.endpoint),
        }
    }

    fn delay(&mut self, call: i64, due: Time, now: Time) {
        if due <= now {
            return self.queue(call);
        }
        self.leave(call);
        if let Some(entry) = self.calls.get_mut(&call) {
            entry.phase = CallPhase::Delayed(due);
            self.timers.insert(due, call, Timer::Due);
        }
    }

    fn queue(&mut self, call: i64) {
        self.leave(call);
        if let Some(entry) = self.calls.get_mut(&call) {
            entry.phase = CallPhase::Queued;
            self.turns.push(&entry.endpoint, call);
        }
    }

    fn resume_if_ready(&mut self, call: i64, now: Time) {
        let Some(CallEntry {
            phase:
                CallPhase::Suspended {
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
        let calls = &self.calls;
        let call = self.turns.next(|call, endpoint| {
            // It may have ended, or moved to another endpoint.
            let entry = calls.get(&call);
            entry.is_some_and(|entry| {
                entry.phase == CallPhase::Queued && entry.endpoint == *endpoint
            })
        })?;
        self.runs += 1;
        let run = self.runs;
        if let Some(entry) = self.calls.get_mut(&call) {
            entry.phase = CallPhase::Running(run);
        }
        Some(Run { call, run })
    }

    /// Queues the calls that are due, and returns those that have expired. They are still there.
    pub(super) fn elapse(&mut self, now: Time) -> Vec<i64> {
        let mut expired = Vec::new();
        while let Some((time, call, timer)) = self.timers.pop(now) {
            let phase = self.calls.get(&call).map(|entry| entry.phase);
            match timer {
                Timer::Begins if phase != Some(CallPhase::Delayed(time)) => {}
                Timer::Begins | Timer::Due => self.queue(call),
                Timer::Expires => expired.push(call),
            }
        }
        expired
    }

    /// Looks at an expired call again later: it could not be ended.
    pub(super) fn expire_again(&mut self, call: i64, at: Time) {
        if let Some(entry) = self.calls.get_mut(&call) {
            entry.expires = at;
            self.timers.insert(at, call, Timer::Expires);
        }
    }

    /// When [`elapse`](Self::elapse) has something to do.
    pub(super) fn next_timer(&self) -> Option<Time> {
        self.timers.next()
    }

    /// A call that was ended runs again. Its parent waits for it once more, unless it took the result.
    pub(super) fn revive(&mut self, call: &UnfinishedCall, now: Time) {
        self.add(call, now);
        if let Some(parent) = call.parent.and_then(|parent| self.calls.get_mut(&parent))
            && let CallPhase::Suspended {
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
mod tests;
