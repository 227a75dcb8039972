//! When something happens to calls.

use std::collections::{BTreeSet, VecDeque};

use crate::store::Time;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// A call that was added is due. It may have ended since, or wait for something else.
    Begins,
    Due,
    Expires,
}

/// What happens when.
#[derive(Debug, Default)]
pub(super) struct Timers {
    set: BTreeSet<(Time, i64, Timer)>,
    /// Those of calls that begin, in order: they are many, and cost less here.
    begins: VecDeque<(Time, i64)>,
}

impl Timers {
    /// Adds a timer for a call that is added, which nobody removes.
    pub(super) fn begins(&mut self, due: Time, call: i64) {
        match self.begins.back() {
            Some((last, _)) if due < *last => self.insert(due, call, Timer::Begins),
            _ => self.begins.push_back((due, call)),
        }
    }

    pub(super) fn insert(&mut self, time: Time, call: i64, timer: Timer) {
        self.set.insert((time, call, timer));
    }

    pub(super) fn remove(&mut self, time: Time, call: i64, timer: Timer) {
        self.set.remove(&(time, call, timer));
    }

    /// When the next one ends.
    pub(super) fn next(&self) -> Option<Time> {
        let first = self.set.first().map(|(time, ..)| *time);
        let begins = self.begins.front().map(|(due, _)| *due);
        first.into_iter().chain(begins).min()
    }

    /// Takes one that has ended.
    pub(super) fn pop(&mut self, now: Time) -> Option<(Time, i64, Timer)> {
        if let Some((due, call)) = self.begins.pop_front_if(|(due, _)| *due <= now) {
            return Some((due, call, Timer::Begins));
        }
        let (time, ..) = self.set.first()?;
        if *time > now {
            return None;
        }
        self.set.pop_first()
    }
}
