//! Which invocation runs next: the functions in turn, and of each the oldest first.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use crate::store::Time;
use crate::store::invocations::QueuedId;

/// How much of the queue one function may hold: one part of this many.
const FUNCTION_PART: usize = 2;

/// How many of those that run may be of one function: one part of this many.
const RUNNING_PART: usize = 4;

/// The queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// For all functions.
    Queue,
    /// For this function.
    Function,
}

/// The invocations that wait and run, in memory.
#[derive(Debug)]
pub(super) struct Schedule {
    functions: HashMap<Arc<str>, Line>,
    /// The functions that may run another one, each once.
    turns: VecDeque<Arc<str>>,
    delayed: BTreeMap<(Time, QueuedId), Arc<str>>,
    waiting: usize,
    waiting_bytes: u64,
    running: usize,
    limits: Limits,
}

/// How many may wait and run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) capacity: usize,
    pub(super) bytes: u64,
    pub(super) running: usize,
}

/// The invocations of one function.
#[derive(Debug, Default)]
struct Line {
    ready: VecDeque<Entry>,
    waiting: usize,
    running: usize,
    has_turn: bool,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    id: QueuedId,
    bytes: u64,
}

/// Room for an invocation that is being accepted.
#[derive(Debug)]
pub(super) struct Reserved {
    function: Arc<str>,
    bytes: u64,
}

/// An invocation whose turn it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Next {
    pub(super) id: QueuedId,
    pub(super) function: Arc<str>,
}

impl Schedule {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            functions: HashMap::new(),
            turns: VecDeque::new(),
            delayed: BTreeMap::new(),
            waiting: 0,
            waiting_bytes: 0,
            running: 0,
            limits,
        }
    }

    /// Takes room for an invocation.
    pub(super) fn reserve(&mut self, function: &str, bytes: u64) -> Result<Reserved, Full> {
        let limits = self.limits;
        if self.waiting >= limits.capacity || self.waiting_bytes + bytes > limits.bytes {
            return Err(Full::Queue);
        }
        let waiting = self.functions.get(function).map_or(0, |line| line.waiting);
        if waiting >= limits.capacity.div_ceil(FUNCTION_PART) {
            return Err(Full::Function);
        }
        Ok(self.take_room(function, bytes))
    }

    /// Adds an invocation that was accepted before the process started, whatever room there is.
    pub(super) fn restore(&mut self, function: &str, id: QueuedId, bytes: u64, due: Option<Time>) {
        match due {
            None => {
                let reserved = self.take_room(function, bytes);
                self.enqueue(reserved, id);
            }
            Some(due) => {
                let function = self.take_room(function, 0).function;
                self.delayed.insert((due, id), function);
            }
        }
    }

    fn take_room(&mut self, function: &str, bytes: u64) -> Reserved {
        let function = match self.functions.get_key_value(function) {
            Some((name, _)) => name.clone(),
            None => Arc::from(function),
        };
        let line = self.functions.entry(function.clone()).or_default();
        line.waiting += 1;
        self.waiting += 1;
        self.waiting_bytes += bytes;
        Reserved { function, bytes }
    }

    /// Gives room back: the invocation was not accepted.
    pub(super) fn release(&mut self, reserved: Reserved) {
        self.leave(&reserved.function, reserved.bytes);
        self.forget(&reserved.function);
    }

    /// Adds an invocation that was accepted.
    pub(super) fn enqueue(&mut self, reserved: Reserved, id: QueuedId) {
        let Reserved { function, bytes } = reserved;
        let line = self.functions.entry(function.clone()).or_default();
        line.ready.push_back(Entry { id, bytes });
        self.give_turn(&function);
    }

    /// Counts an invocation that will wait again, after it ran.
    pub(super) fn hold(&mut self, function: &Arc<str>) {
        let line = self.functions.entry(function.clone()).or_default();
        line.waiting += 1;
        self.waiting += 1;
    }

    /// Lets an invocation wait that is [held](Self::hold).
    pub(super) fn delay(&mut self, function: &Arc<str>, id: QueuedId, due: Time) {
        self.delayed.insert((due, id), function.clone());
    }

    /// The invocations that begin now, up to `max`. They count as running.
    pub(super) fn next(&mut self, now: Time, max: usize) -> Vec<Next> {
        self.end_delays(now);
        let mut begun = Vec::new();
        while begun.len() < max && self.running < self.limits.running {
            let Some(function) = self.turns.pop_front() else {
                break;
            };
            let Some(line) = self.functions.get_mut(&function) else {
                continue;
            };
            line.has_turn = false;
            let Some(Entry { id, bytes }) = line.ready.pop_front() else {
                self.forget(&function);
                continue;
            };
            line.running += 1;
            self.running += 1;
            self.leave(&function, bytes);
            self.give_turn(&function);
            begun.push(Next { id, function });
        }
        begun
    }

    /// Forgets an invocation that waits and was cancelled, and gives its room back. Does nothing for an
    /// invocation that has begun.
    pub(super) fn remove(&mut self, function: &str, id: QueuedId) {
        let Some((name, _)) = self.functions.get_key_value(function) else {
            return;
        };
        let name = name.clone();
        let ready = self.functions.get_mut(&name).and_then(|line| {
            let at = line.ready.iter().position(|entry| entry.id == id)?;
            line.ready.remove(at)
        });
        let bytes = match ready {
            Some(entry) => entry.bytes,
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
        if let Some(line) = self.functions.get_mut(function) {
            line.running = line.running.saturating_sub(1);
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

    fn end_delays(&mut self, now: Time) {
        while let Some(entry) = self.delayed.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let ((_, id), function) = entry.remove_entry();
            let line = self.functions.entry(function.clone()).or_default();
            line.ready.push_back(Entry { id, bytes: 0 });
            self.give_turn(&function);
        }
    }

    /// Puts a function in line, if it has something to run and does not run too much already.
    fn give_turn(&mut self, function: &Arc<str>) {
        let most = (self.limits.running / RUNNING_PART).max(1);
        if let Some(line) = self.functions.get_mut(function)
            && !line.has_turn
            && !line.ready.is_empty()
            && line.running < most
        {
            line.has_turn = true;
            self.turns.push_back(function.clone());
        }
    }

    fn leave(&mut self, function: &Arc<str>, bytes: u64) {
        self.waiting = self.waiting.saturating_sub(1);
        self.waiting_bytes = self.waiting_bytes.saturating_sub(bytes);
        if let Some(line) = self.functions.get_mut(function) {
            line.waiting = line.waiting.saturating_sub(1);
        }
    }

    fn forget(&mut self, function: &Arc<str>) {
        let is_unused = self
            .functions
            .get(function)
            .is_some_and(|line| line.waiting == 0 && line.running == 0 && !line.has_turn);
        if is_unused {
            self.functions.remove(function);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(1000);

    fn schedule(capacity: usize, running: usize) -> Schedule {
        Schedule::new(Limits {
            capacity,
            bytes: 1000,
            running,
        })
    }

    fn id(number: u8) -> QueuedId {
        QueuedId([number; 16])
    }

    fn add(schedule: &mut Schedule, function: &str, number: u8) {
        let reserved = schedule.reserve(function, 1).unwrap();
        schedule.enqueue(reserved, id(number));
    }

    fn begun(schedule: &mut Schedule, max: usize) -> Vec<u8> {
        let next = schedule.next(NOW, max);
        next.iter().map(|next| next.id.0[0]).collect()
    }

    /// One that was cancelled gives its room back before its turn comes, also while it waits for a retry.
    #[test]
    fn cancelled_ones_leave_room() {
        let mut schedule = schedule(4, 1);
        add(&mut schedule, "a", 1);
        add(&mut schedule, "a", 2);
        assert!(matches!(schedule.reserve("a", 1), Err(Full::Function)));
        schedule.remove("a", id(2));
        add(&mut schedule, "a", 3);
        assert_eq!(begun(&mut schedule, 9), [1]);
        schedule.end(&Arc::from("a"));
        assert_eq!(begun(&mut schedule, 9), [3]);
        // Its turn has come, so it is none that waits.
        schedule.remove("a", id(3));
        schedule.end(&Arc::from("a"));
        assert!(schedule.functions.is_empty());
    }

    /// Functions take turns, and each runs its invocations in their order.
    #[test]
    fn functions_take_turns() {
        let mut schedule = schedule(100, 100);
        for number in 1..=4 {
            add(&mut schedule, "busy", number);
        }
        add(&mut schedule, "other", 9);
        assert_eq!(begun(&mut schedule, 10), [1, 9, 2, 3, 4]);
    }

    /// One function cannot use all that may run.
    #[test]
    fn one_function_does_not_hold_up_the_others() {
        let mut schedule = schedule(100, 8);
        for number in 1..=10 {
            add(&mut schedule, "busy", number);
        }
        assert_eq!(begun(&mut schedule, 10), [1, 2]);
        add(&mut schedule, "other", 99);
        assert_eq!(begun(&mut schedule, 10), [99]);
        schedule.end(&"busy".into());
        assert_eq!(begun(&mut schedule, 10), [3]);
    }

    /// The queue has room for so many, of one function for half of them, and for so many bytes.
    #[test]
    fn queue_has_a_capacity() {
        let mut schedule = schedule(4, 1);
        add(&mut schedule, "a", 1);
        add(&mut schedule, "a", 2);
        assert_eq!(schedule.reserve("a", 1).unwrap_err(), Full::Function);
        let reserved = schedule.reserve("b", 1).unwrap();
        add(&mut schedule, "c", 3);
        assert_eq!(schedule.reserve("d", 1).unwrap_err(), Full::Queue);
        schedule.release(reserved);
        assert_eq!(schedule.reserve("d", 998).unwrap_err(), Full::Queue);
        let reserved = schedule.reserve("d", 997).unwrap();
        assert_eq!(schedule.waiting(), 4);
        schedule.release(reserved);
        assert_eq!(begun(&mut schedule, 10), [1]);
        assert_eq!((schedule.waiting(), schedule.running()), (2, 1));
    }

    /// A retry waits until it is due, and functions that are done with are forgotten.
    #[test]
    fn retries_wait_until_they_are_due() {
        let mut schedule = schedule(100, 100);
        add(&mut schedule, "a", 1);
        assert_eq!(begun(&mut schedule, 10), [1]);
        let function = Arc::from("a");
        schedule.hold(&function);
        schedule.delay(&function, id(1), Time(NOW.0 + 1));
        schedule.end(&function);
        assert_eq!(begun(&mut schedule, 10), [0; 0]);
        assert_eq!(schedule.next_due(), Some(Time(NOW.0 + 1)));
        let next = schedule.next(Time(NOW.0 + 1), 10);
        assert_eq!(next.len(), 1);
        schedule.end(&function);
        assert!(schedule.functions.is_empty());
        assert_eq!((schedule.waiting(), schedule.running()), (0, 0));
    }
}
