#![cfg_attr(
    not(all(target_os = "linux", target_pointer_width = "64")),
    expect(dead_code, reason = "places are what takes one from any shelf")
)]

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many shelves there are at least: more than threads that run functions, as a rule, so that no
/// two have the same.
const LEAST: usize = 64;

thread_local! {
    static SHELF: Cell<Option<usize>> = const { Cell::new(None) };
}

/// What was used and can be used again. Each thread has a shelf of its own, if there are enough.
pub(crate) struct ShardedFreeList<T, C> {
    free_slots: Box<[Arc<Shard<T, C>>]>,
}

/// Where one thread finds what was used last, which is what is still in its processor's caches. Two
/// shelves share no line of those, nor a count of who has them: threads would wait for each other.
#[repr(align(128))]
pub(crate) struct Shard<T, C> {
    items: Mutex<Vec<T>>,
    /// What all shelves have in common.
    pub(crate) common: Arc<C>,
}

impl<T, C> ShardedFreeList<T, C> {
    pub(crate) fn new(common: &Arc<C>) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let shard = |_| {
            Arc::new(Shard {
                items: Mutex::default(),
                common: Arc::clone(common),
            })
        };
        Self {
            free_slots: (0..LEAST.max(4 * threads)).map(shard).collect(),
        }
    }

    /// This thread's.
    pub(crate) fn home(&self) -> &Arc<Shard<T, C>> {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        let number = SHELF.try_with(|shard| {
            let number = shard.get();
            number.unwrap_or_else(|| {
                let number = THREADS.fetch_add(1, Ordering::Relaxed);
                shard.set(Some(number));
                number
            })
        });
        #[expect(clippy::indexing_slicing, reason = "there is at least one")]
        &self.free_slots[number.unwrap_or(0) % self.free_slots.len()]
    }

    pub(crate) fn all(&self) -> &[Arc<Shard<T, C>>] {
        &self.free_slots
    }

    /// Takes one wherever it is. All are looked at in one moment: what is put on one shelf while
    /// another is looked at would be missed.
    pub(crate) fn steal(&self, fits: impl Fn(&T) -> bool) -> Option<T> {
        let mut all: Vec<_> = self.free_slots.iter().map(|shard| shard.lock()).collect();
        all.iter_mut().find_map(|items| take(items, &fits))
    }
}

impl<T, C> Shard<T, C> {
    /// Takes the last that was put here.
    pub(crate) fn take(&self, fits: impl Fn(&T) -> bool) -> Option<T> {
        take(&mut self.lock(), fits)
    }

    pub(crate) fn put(&self, item: T) {
        self.lock().push(item);
    }

    /// Takes the one that was put here first, if there are so many.
    pub(crate) fn take_oldest(&self, least: usize) -> Option<T> {
        let mut items = self.lock();
        (!items.is_empty() && items.len() >= least).then(|| items.remove(0))
    }

    /// Takes all that are wanted.
    pub(crate) fn take_all(&self, mut wanted: impl FnMut(&mut T) -> bool) -> Vec<T> {
        self.lock().extract_if(.., |item| wanted(item)).collect()
    }

    /// A list is whole at every moment, whoever panicked with it in hand.
    fn lock(&self) -> MutexGuard<'_, Vec<T>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn take<T>(items: &mut Vec<T>, fits: impl Fn(&T) -> bool) -> Option<T> {
    let found = items.iter().rposition(fits)?;
    // In order, and it is the last as a rule.
    Some(items.remove(found))
}
