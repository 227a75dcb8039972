use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

thread_local! {
    static SHELF: Cell<Option<usize>> = const { Cell::new(None) };
}

/// What was used and can be used again, the last first, which is what is still in the processor's
/// caches. Each thread has a shelf of its own, if there are enough.
pub(super) struct Shelves<T> {
    shelves: Box<[Mutex<Vec<T>>]>,
}

impl<T> Shelves<T> {
    pub(super) fn new() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            shelves: (0..threads).map(|_| Mutex::default()).collect(),
        }
    }

    /// Takes the last that was put here by this thread.
    pub(super) fn take(&self, fits: impl Fn(&T) -> bool) -> Option<T> {
        take(&mut lock(self.own()), fits)
    }

    /// Takes one wherever it is. All are looked at in one moment: what is put on one shelf while
    /// another is looked at would be missed.
    pub(super) fn take_any(&self, fits: impl Fn(&T) -> bool) -> Option<T> {
        let mut all: Vec<_> = self.shelves.iter().map(lock).collect();
        all.iter_mut().find_map(|shelf| take(shelf, &fits))
    }

    pub(super) fn put(&self, item: T) {
        lock(self.own()).push(item);
    }

    fn own(&self) -> &Mutex<Vec<T>> {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        let number = SHELF.try_with(|shelf| {
            let number = shelf.get();
            number.unwrap_or_else(|| {
                let number = THREADS.fetch_add(1, Ordering::Relaxed);
                shelf.set(Some(number));
                number
            })
        });
        #[expect(clippy::indexing_slicing, reason = "there is at least one")]
        &self.shelves[number.unwrap_or(0) % self.shelves.len()]
    }
}

fn take<T>(shelf: &mut Vec<T>, fits: impl Fn(&T) -> bool) -> Option<T> {
    let found = shelf.iter().rposition(fits)?;
    Some(shelf.swap_remove(found))
}

/// A list is whole at every moment, whoever panicked with it in hand.
fn lock<T>(shelf: &Mutex<Vec<T>>) -> MutexGuard<'_, Vec<T>> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}
