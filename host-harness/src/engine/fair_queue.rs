use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use crate::pool::Owner;

/// A queue in which functions share the processors' time, however much each has waiting.
///
/// The function that has used the least comes next. Turns would not be fair: one that computes uses up a slice
/// of 10 ms in each, and another one's requests may need a thousandth of that.
pub(super) struct FairQueue<T> {
    functions: HashMap<Owner, Line<T>>,
    /// The functions with waiting items, by what they have used.
    order: BTreeSet<(Duration, Owner)>,
    /// What the function that came last had used. A function that had nothing in the queue starts here:
    /// time without work is not credited.
    now: Duration,
}

struct Line<T> {
    used: Duration,
    waiting: VecDeque<T>,
}

impl<T> Default for FairQueue<T> {
    fn default() -> Self {
        Self {
            functions: HashMap::new(),
            order: BTreeSet::new(),
            now: Duration::ZERO,
        }
    }
}

impl<T> FairQueue<T> {
    /// Appends to the function's items.
    pub(super) fn push(&mut self, function: Owner, one: T) {
        let line = self.functions.entry(function).or_insert_with(|| Line {
            used: self.now,
            waiting: VecDeque::new(),
        });
        if line.waiting.is_empty() {
            line.used = line.used.max(self.now);
            self.order.insert((line.used, function));
        }
        line.waiting.push_back(one);
    }

    /// Takes the first item of the function that has used the least.
    pub(super) fn pop(&mut self) -> Option<(Owner, T)> {
        let (used, function) = self.order.pop_first()?;
        self.now = self.now.max(used);
        let line = self.functions.get_mut(&function)?;
        let one = line.waiting.pop_front()?;
        if !line.waiting.is_empty() {
            self.order.insert((used, function));
        }
        Some((function, one))
    }

    /// Records the time that a function has used for an item.
    pub(super) fn charge(&mut self, function: Owner, time: Duration) {
        let now = self.now;
        let Some(line) = self.functions.get_mut(&function) else {
            return;
        };
        let before = line.used;
        line.used += time;
        if !line.waiting.is_empty() {
            self.order.remove(&(before, function));
            self.order.insert((line.used, function));
        } else if line.used <= now {
            self.functions.remove(&function);
        }
        self.forget_idle();
    }

    /// Forgets functions that want nothing, and what they owe, once there are many of them.
    fn forget_idle(&mut self) {
        if self.functions.len() > 2 * self.order.len() + 64 {
            self.functions.retain(|_, line| !line.waiting.is_empty());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLICE: Duration = Duration::from_millis(10);

    /// Takes an item that then uses this much.
    fn run(queue: &mut FairQueue<u32>, time: Duration) -> Option<u32> {
        let (function, one) = queue.pop()?;
        queue.charge(function, time);
        Some(one)
    }

    /// A function with much waiting does not delay one with little; each function's own stay in order.
    #[test]
    fn functions_take_turns() {
        let (one, other) = (Owner::new(), Owner::new());
        let mut queue = FairQueue::default();
        for number in 0..4 {
            queue.push(one, number);
        }
        assert_eq!(run(&mut queue, SLICE), Some(0));
        queue.push(other, 10);
        queue.push(other, 11);
        let rest: Vec<_> = std::iter::from_fn(|| run(&mut queue, SLICE)).collect();
        assert_eq!(rest, [10, 1, 11, 2, 3]);
        queue.push(one, 5);
        assert_eq!(run(&mut queue, SLICE), Some(5));
        assert!(queue.order.is_empty());
    }

    /// Many short items come before the next slice of a function that computes, up to what it has used.
    #[test]
    fn functions_share_time() {
        let (computes, short) = (Owner::new(), Owner::new());
        let mut queue = FairQueue::default();
        queue.push(computes, 0);
        queue.push(computes, 1);
        assert_eq!(run(&mut queue, SLICE), Some(0));
        for number in 100..300 {
            queue.push(short, number);
        }
        for number in 100..200 {
            assert_eq!(run(&mut queue, SLICE / 100), Some(number));
        }
        let next: Vec<_> = (0..2)
            .filter_map(|_| run(&mut queue, SLICE / 100))
            .collect();
        assert!(next.contains(&1), "{next:?}");
    }

    /// A function that leaves and comes back keeps what it owes, and gains nothing for its absence.
    #[test]
    fn absence_is_no_credit() {
        let (computes, other) = (Owner::new(), Owner::new());
        let mut queue = FairQueue::default();
        queue.push(computes, 0);
        queue.push(other, 10);
        queue.push(other, 11);
        assert_eq!(run(&mut queue, SLICE * 3), Some(0));
        queue.push(computes, 1);
        let next: Vec<_> = (0..3).filter_map(|_| run(&mut queue, SLICE)).collect();
        assert_eq!(next, [10, 11, 1]);
        queue.push(computes, 2);
        assert_eq!(run(&mut queue, SLICE), Some(2));
        let late = Owner::new();
        queue.push(late, 20);
        queue.push(computes, 3);
        queue.push(late, 21);
        let next: Vec<_> = (0..3).filter_map(|_| run(&mut queue, SLICE)).collect();
        assert_eq!(next, [20, 3, 21]);
    }

    /// Functions that ask once do not stay.
    #[test]
    fn idle_functions_are_forgotten() {
        let mut queue = FairQueue::default();
        for number in 0..10_000 {
            queue.push(Owner::new(), number);
            run(&mut queue, SLICE);
        }
        assert!(queue.functions.len() < 200, "{}", queue.functions.len());
    }
}
