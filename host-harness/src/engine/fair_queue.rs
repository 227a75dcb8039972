use std::collections::{HashMap, VecDeque};

use crate::pool::Owner;

/// A round-robin queue over functions: they take turns, however much each has waiting.
pub(super) struct FairQueue<T> {
    /// The functions with waiting items, the next one first.
    functions: VecDeque<Owner>,
    waiting: HashMap<Owner, VecDeque<T>>,
}

impl<T> Default for FairQueue<T> {
    fn default() -> Self {
        Self {
            functions: VecDeque::new(),
            waiting: HashMap::new(),
        }
    }
}

impl<T> FairQueue<T> {
    /// Appends to the function's items.
    pub(super) fn push(&mut self, function: Owner, one: T) {
        let waiting = self.waiting.entry(function).or_default();
        if waiting.is_empty() {
            self.functions.push_back(function);
        }
        waiting.push_back(one);
    }

    /// Takes the first item of the next function.
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
        let mut queue = FairQueue::default();
        for number in 0..4 {
            queue.push(one, number);
        }
        assert_eq!(queue.pop(), Some(0));
        queue.push(other, 10);
        queue.push(other, 11);
        let rest: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(rest, [1, 10, 2, 11, 3]);
        queue.push(one, 5);
        assert_eq!(queue.pop(), Some(5));
        assert!(queue.functions.is_empty() && queue.waiting.is_empty());
    }
}
