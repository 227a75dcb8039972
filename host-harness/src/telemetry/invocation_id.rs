use std::cell::Cell;
use std::fmt;
use std::hash::{BuildHasher as _, DefaultHasher, Hash as _, Hasher as _, RandomState};

/// How deeply invocations may call each other: an id has room for this many.
pub(crate) const MAX_DEPTH: u32 = 16;

/// An invocation's id: 32 hexadecimal digits, unique among hosts.
///
/// The id of a called invocation is its caller's id, a dot, and the number of the call, from 1. So the
/// ids of a whole call tree start with the same 32 digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InvocationId {
    thread: u64,
    count: u64,
    /// The numbers of the calls that led here, outermost first; 0 after the last.
    calls: [u32; MAX_DEPTH as usize],
}

thread_local! {
    /// This thread's random number, and how many ids it has given out. Threads need no lock to make
    /// ids.
    static NEXT: Cell<(u64, u64)> = Cell::new((
        RandomState::new().hash_one(std::thread::current().id()),
        0,
    ));
}

impl InvocationId {
    pub(crate) fn new() -> Self {
        NEXT.with(|next| {
            let (thread, count) = next.get();
            next.set((thread, count + 1));
            Self {
                thread,
                count,
                calls: [0; MAX_DEPTH as usize],
            }
        })
    }

    /// The id of an instance without a request.
    pub(crate) fn placeholder() -> Self {
        Self {
            thread: 0,
            count: 0,
            calls: [0; MAX_DEPTH as usize],
        }
    }

    /// The id of the invocation that this one calls as its `nth`, from 1.
    pub(crate) fn of_call(mut self, nth: u32) -> Self {
        // Deeper calls are refused before they get an id.
        if let Some(free) = self.calls.iter_mut().find(|call| **call == 0) {
            *free = nth;
        }
        self
    }

    /// The id in 64 bits, never 0.
    pub(crate) fn short(self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish().max(1)
    }
}

impl fmt::Display for InvocationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}", self.thread, self.count)?;
        let calls = self.calls.iter().take_while(|call| **call > 0);
        calls.into_iter().try_for_each(|call| write!(f, ".{call}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No two ids are equal, whichever threads made them.
    #[test]
    fn ids_differ() {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                std::thread::spawn(|| (0..1000).map(|_| InvocationId::new()).collect::<Vec<_>>())
            })
            .collect();
        let mut all: Vec<_> = threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect();
        all.sort_by_key(|id| (id.thread, id.count));
        all.dedup();
        assert_eq!(all.len(), 4000);
        assert_eq!(all[0].to_string().len(), 32);
    }

    /// A call's id starts with its caller's, and no two calls of an invocation share one.
    #[test]
    fn call_ids_start_with_the_callers() {
        let root = InvocationId::new();
        let (first, second) = (root.of_call(1), root.of_call(2));
        assert_eq!(first.to_string(), format!("{root}.1"));
        assert_eq!(second.of_call(1).to_string(), format!("{root}.2.1"));
        assert_ne!(first.short(), second.short());
        let deepest = (1..=MAX_DEPTH).fold(root, InvocationId::of_call);
        assert!(deepest.to_string().ends_with(".15.16"), "{deepest}");
    }
}
