use std::cell::Cell;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};

/// What an invocation is called, everywhere: 32 hexadecimal digits, unique among hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InvocationId {
    thread: u64,
    count: u64,
}

thread_local! {
    /// A random number of this thread's, and how many ids it has given out: no thread waits for
    /// another to make one.
    static NEXT: Cell<InvocationId> = Cell::new(InvocationId {
        thread: RandomState::new().hash_one(std::thread::current().id()),
        count: 0,
    });
}

impl InvocationId {
    pub(crate) fn new() -> Self {
        NEXT.with(|next| {
            let id = next.get();
            next.set(Self {
                count: id.count + 1,
                ..id
            });
            id
        })
    }
}

impl fmt::Display for InvocationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}", self.thread, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No two ids are alike, whichever threads made them.
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
}
