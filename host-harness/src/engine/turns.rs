use std::collections::{HashMap, VecDeque};

use crate::pool::Owner;

/// What waits for a thread, by function. Functions take turns, however much each has waiting.
pub(super) struct Turns<T> {
    /// The functions with something waiting, the next one first.
    functions: VecDeque<Owner>,
    waiting: HashMap<Owner, VecDeque<T>>,
}

impl<T> Default for Turns<T> {
    fn default() -> Self {
        Self {
            functions: VecDeque::new(),
            waiting: HashMap::new(),
        }
    }
}

impl<T> Turns<T> {
    /// Appends to what its function has waiting.
    pub(super) fn push(&mut self, function: Owner, one: T) {
        let waiting = self.waiting.entry(function).or_default();
        if waiting.is_empty() {
            self.functions.push_back(function);
        }
        waiting.push_back(one);
    }

    /// Takes the first that waits of the next function.
    pub(super) fn pop(&mut self) -> Option<T> {
        let function = self.functions.pop_front()?;
        let waiting = self.waiting.get_mut(&function)?;
        let one = waiting.pop_front();
        if waiting.is_empty() {
            self.waiting.remove(&function);
        } else {
            self.functions.push_back(function);
        }
        one
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A function with much waiting does not delay one with little; each function's own stay in order.
    #[test]
    fn functions_take_turns() {
        let (one, other) = (Owner::new(), Owner::new());
        let mut turns = Turns::default();
        for number in 0..4 {
            turns.push(one, number);
        }
        assert_eq!(turns.pop(), Some(0));
        turns.push(other, 10);
        turns.push(other, 11);
        let rest: Vec<_> = std::iter::from_fn(|| turns.pop()).collect();
        assert_eq!(rest, [1, 10, 2, 11, 3]);
        turns.push(one, 5);
        assert_eq!(turns.pop(), Some(5));
        assert!(turns.functions.is_empty() && turns.waiting.is_empty());
    }
}
