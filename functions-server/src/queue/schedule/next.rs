//! Begins what has its turn and room.

use std::collections::VecDeque;
use std::sync::Arc;

use super::function_queue::QueueEntry;
use super::{Schedule, Turn};
use crate::queue::runner::{QueuePosition, StartAttempt};
use crate::store::Time;

/// How many functions that wait for room are asked again at once, so that freed room costs a bounded time.
const MAX_RETRIED: usize = 64;

/// What may run at this moment.
pub(in crate::queue) trait Admission {
    /// How many invocations of a function run at once at most, if it has its own limit.
    fn concurrency(&self, function: &str) -> Option<usize>;

    /// Takes room for an invocation, or a position in the line for room.
    fn start(
        &self,
        source: &str,
        function: &Arc<str>,
        position: Option<QueuePosition>,
    ) -> Result<StartAttempt, QueuePosition>;
}

/// An invocation that begins, with its room.
pub(in crate::queue) struct StartedTurn {
    pub(in crate::queue) turn: Turn,
    pub(in crate::queue) start: StartAttempt,
}

impl Schedule {
    /// Room was freed: asks those that wait for some with the [next](Self::next).
    pub(in crate::queue) fn try_waiting(&mut self) {
        self.is_freed = true;
    }

    /// The invocations that begin now, up to `max`. They count as running.
    pub(in crate::queue) fn next(
        &mut self,
        now: Time,
        max: usize,
        admission: &impl Admission,
    ) -> Vec<StartedTurn> {
        self.end_delays(now);
        let mut started = Vec::new();
        if self.is_freed {
            self.ask_waiting(max, admission, &mut started);
        }
        while started.len() < max && self.running < self.limits.running {
            let Some(function) = self.turns.pop_front() else {
                break;
            };
            let Some(of) = self.functions.get_mut(&function) else {
                continue;
            };
            of.has_turn = false;
            let Some(source) = of.next_line().map(|line| line.source.clone()) else {
                self.forget(&function);
                continue;
            };
            match self.begin(&function, &source, admission) {
                TurnOutcome::Started(next) => started.push(next),
                TurnOutcome::NoRoom => self.without_room.push_back((function.clone(), source)),
                // It gets its turn when one of those that run has ended.
                TurnOutcome::NoTurn => continue,
            }
            self.give_turn(&function);
        }
        started
    }

    /// Asks those that wait for room, in their order.
    fn ask_waiting(
        &mut self,
        max: usize,
        admission: &impl Admission,
        started: &mut Vec<StartedTurn>,
    ) {
        self.is_freed = false;
        let mut refused = VecDeque::new();
        while refused.len() < MAX_RETRIED {
            if started.len() == max || self.running >= self.limits.running {
                self.is_freed = !self.without_room.is_empty();
                break;
            }
            let Some((function, source)) = self.without_room.pop_front() else {
                break;
            };
            match self.begin(&function, &source, admission) {
                TurnOutcome::Started(next) => started.push(next),
                TurnOutcome::NoRoom => {
                    refused.push_back((function, source));
                    continue;
                }
                TurnOutcome::NoTurn => continue,
            }
            self.give_turn(&function);
        }
        refused.append(&mut self.without_room);
        self.without_room = refused;
    }

    /// Begins the oldest invocation of a line, if the function may run another one, and there is room.
    fn begin(
        &mut self,
        function: &Arc<str>,
        source: &Arc<str>,
        admission: &impl Admission,
    ) -> TurnOutcome {
        let part = self.most_of_one();
        let Some(of) = self.functions.get_mut(function) else {
            return TurnOutcome::NoTurn;
        };
        // Otherwise it would wait within its time limit.
        let most = admission.concurrency(function);
        let is_running_most = of.running >= most.map_or(part, |most| most.clamp(1, part));
        let line = of.line(source);
        // What does not wait for room alone is in no line for it.
        let position = line.position.take();
        let Some(QueueEntry { id, bytes }) = line.first().filter(|_| !is_running_most) else {
            return TurnOutcome::NoTurn;
        };
        let start = match admission.start(source, function, position) {
            Ok(start) => start,
            Err(position) => {
                line.position = Some(position);
                return TurnOutcome::NoRoom;
            }
        };
        line.pop();
        of.running += 1;
        self.running += 1;
        self.leave(function, bytes);
        let turn = Turn {
            id,
            function: function.clone(),
            source: source.clone(),
        };
        TurnOutcome::Started(StartedTurn { turn, start })
    }

    fn end_delays(&mut self, now: Time) {
        while let Some(entry) = self.delayed.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let ((_, id), (function, source)) = entry.remove_entry();
            let of = self.functions.entry(function.clone()).or_default();
            of.line(&source).push_again(QueueEntry { id, bytes: 0 });
            self.give_turn(&function);
        }
    }
}

/// The outcome of a turn.
enum TurnOutcome {
    Started(StartedTurn),
    NoRoom,
    /// The function runs as much as it may, or nothing waits.
    NoTurn,
}
