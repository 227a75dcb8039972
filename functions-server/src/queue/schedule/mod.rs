//! Which invocation runs next: the functions in turn, and of each the oldest first.
//!
//! A function whose next invocation has no room loses its turn until room is freed. Those that wait for room are
//! asked in the order in which they began to.

mod function_queue;
mod next;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use crate::store::Time;
use crate::store::invocations::QueuedId;
use function_queue::{FunctionQueue, QueueEntry, RemovedEntry};
pub(super) use next::{Admission, StartedTurn};

/// How much of the queue one function may hold: one part of this many.
const FUNCTION_PART: usize = 2;

/// How many of those that run may be of one function: one part of this many.
const RUNNING_PART: usize = 4;

/// The queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QueueFull {
    /// For all functions.
    Queue,
    /// For this function.
    Function,
}

/// The invocations that wait and run, in memory.
#[derive(Debug)]
pub(super) struct Schedule {
    functions: HashMap<Arc<str>, FunctionQueue>,
    sources: Vec<Arc<str>>,
    /// The functions that may run another one, each once.
    turns: VecDeque<Arc<str>>,
    /// The lines that wait for room, by function and source.
    without_room: VecDeque<(Arc<str>, Arc<str>)>,
    /// Whether they are to be asked again.
    is_freed: bool,
    delayed: BTreeMap<(Time, QueuedId), (Arc<str>, Arc<str>)>,
    waiting: usize,
    waiting_bytes: u64,
    running: usize,
    limits: QueueLimits,
}

/// How many invocations may wait, and how many may run.
#[derive(Debug, Clone, Copy)]
pub(super) struct QueueLimits {
    pub(super) capacity: usize,
    pub(super) bytes: u64,
    pub(super) running: usize,
}

/// Room for an invocation that is being accepted.
#[derive(Debug)]
pub(super) struct QueueReservation {
    function: Arc<str>,
    source: Arc<str>,
    bytes: u64,
}

/// An invocation whose turn it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Turn {
    pub(super) id: QueuedId,
    pub(super) function: Arc<str>,
    pub(super) source: Arc<str>,
}

impl Schedule {
    pub(super) fn new(limits: QueueLimits) -> Self {
        Self {
            functions: HashMap::new(),
            sources: Vec::new(),
            turns: VecDeque::new(),
            without_room: VecDeque::new(),
            is_freed: false,
            delayed: BTreeMap::new(),
            waiting: 0,
            waiting_bytes: 0,
            running: 0,
            limits,
        }
    }

    /// Takes room in the queue for an invocation.
    pub(super) fn reserve(
        &mut self,
        source: &str,
        function: &str,
        bytes: u64,
    ) -> Result<QueueReservation, QueueFull> {
        let limits = self.limits;
        if self.waiting >= limits.capacity || self.waiting_bytes + bytes > limits.bytes {
            return Err(QueueFull::Queue);
        }
        let waiting = self.functions.get(function).map_or(0, |of| of.waiting);
        if waiting >= limits.capacity.div_ceil(FUNCTION_PART) {
            return Err(QueueFull::Function);
        }
        Ok(self.take_room(source, function, bytes))
    }

    /// Adds an invocation that was accepted before the process started, whatever room there is.
    pub(super) fn restore(
        &mut self,
        source: &str,
        function: &str,
        id: QueuedId,
        bytes: u64,
        due: Option<Time>,
    ) {
        match due {
            None => {
                let reserved = self.take_room(source, function, bytes);
                self.enqueue(reserved, id);
            }
            Some(due) => {
                let QueueReservation {
                    function, source, ..
                } = self.take_room(source, function, 0);
                self.delayed.insert((due, id), (function, source));
            }
        }
    }

    fn take_room(&mut self, source: &str, function: &str, bytes: u64) -> QueueReservation {
        let function = match self.functions.get_key_value(function) {
            Some((name, _)) => name.clone(),
            None => Arc::from(function),
        };
        let known = self.sources.iter().find(|known| ***known == *source);
        let source = known.cloned().unwrap_or_else(|| {
            let source: Arc<str> = Arc::from(source);
            self.sources.push(source.clone());
            source
        });
        self.functions.entry(function.clone()).or_default().waiting += 1;
        self.waiting += 1;
        self.waiting_bytes += bytes;
        QueueReservation {
            function,
            source,
            bytes,
        }
    }

    /// Gives room in the queue back: the invocation was not accepted.
    pub(super) fn release(&mut self, reserved: QueueReservation) {
        self.leave(&reserved.function, reserved.bytes);
        self.forget(&reserved.function);
    }

    /// Adds an invocation that was accepted.
    pub(super) fn enqueue(&mut self, reserved: QueueReservation, id: QueuedId) {
        let QueueReservation {
            function,
            source,
            bytes,
        } = reserved;
        let of = self.functions.entry(function.clone()).or_default();
        of.line(&source).push(QueueEntry { id, bytes });
        self.give_turn(&function);
    }

    /// Counts an invocation that will wait again, after it ran.
    pub(super) fn hold(&mut self, turn: &Turn) {
        let function = turn.function.clone();
        self.functions.entry(function).or_default().waiting += 1;
        self.waiting += 1;
    }

    /// Lets an invocation wait that is [held](Self::hold).
    pub(super) fn delay(&mut self, turn: &Turn, due: Time) {
        let of = (turn.function.clone(), turn.source.clone());
        self.delayed.insert((due, turn.id), of);
    }

    /// Forgets an invocation that waits and was cancelled, and gives its room back. Does nothing for an
    /// invocation that has begun.
    pub(super) fn remove(&mut self, function: &str, id: QueuedId) {
        let Some((name, _)) = self.functions.get_key_value(function) else {
            return;
        };
        let name = name.clone();
        let removed = self.functions.get_mut(&name).and_then(|of| of.remove(id));
        let bytes = match removed {
            Some(RemovedEntry { entry, left }) => {
                if let Some(source) = left {
                    self.without_room
                        .retain(|(of, from)| *of != name || *from != source);
                }
                entry.bytes
            }
            None => {
                let delayed = self.delayed.keys().find(|(_, of)| *of == id).copied();
                let Some(_) = delayed.and_then(|key| self.delayed.remove(&key)) else {
                    return;
                };
                0
            }
        };
        self.leave(&name, bytes);
        self.forget(&name);
    }

    /// Counts an invocation that does not run any more.
    pub(super) fn end(&mut self, function: &Arc<str>) {
        self.running = self.running.saturating_sub(1);
        if let Some(of) = self.functions.get_mut(function) {
            of.running = of.running.saturating_sub(1);
        }
        self.give_turn(function);
        self.forget(function);
    }

    /// When the next delay ends.
    pub(super) fn next_due(&self) -> Option<Time> {
        self.delayed.keys().next().map(|(due, _)| *due)
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// How many run.
    pub(super) fn running(&self) -> usize {
        self.running
    }

    /// How many of one function may run.
    fn most_of_one(&self) -> usize {
        (self.limits.running / RUNNING_PART).max(1)
    }

    /// Puts a function in line, if it has something to run and does not run too much already.
    fn give_turn(&mut self, function: &Arc<str>) {
        let most = self.most_of_one();
        if let Some(of) = self.functions.get_mut(function)
            && !of.has_turn
            && of.is_ready()
            && of.running < most
        {
            of.has_turn = true;
            self.turns.push_back(function.clone());
        }
    }

    fn leave(&mut self, function: &Arc<str>, bytes: u64) {
        self.waiting = self.waiting.saturating_sub(1);
        self.waiting_bytes = self.waiting_bytes.saturating_sub(bytes);
        if let Some(of) = self.functions.get_mut(function) {
            of.waiting = of.waiting.saturating_sub(1);
        }
    }

    fn forget(&mut self, function: &Arc<str>) {
        let of = self.functions.get(function);
        if of.is_some_and(FunctionQueue::is_unused) {
            self.functions.remove(function);
        }
    }
}

#[cfg(test)]
mod tests;
