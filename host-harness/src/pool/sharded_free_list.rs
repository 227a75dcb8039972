use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::threads;

/// The minimum number of shards: usually more than there are threads that run functions, so that no
/// two share one.
const MIN_SHARDS: usize = 64;

/// A free list with one shard per thread, if there are enough shards.
pub(crate) struct ShardedFreeList<T, C> {
    shards: Box<[Arc<Shard<T, C>>]>,
}

/// The items that one thread used last, which are probably still in its processor's caches.
///
/// No two shards share a cache line, nor a reference count: threads would wait for each other.
#[repr(align(128))]
pub(crate) struct Shard<T, C> {
    items: Mutex<Vec<T>>,
    /// What all shards share.
    pub(crate) shared: Arc<C>,
}

impl<T, C> ShardedFreeList<T, C> {
    pub(crate) fn new(shared: &Arc<C>) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let shard = |_| {
            Arc::new(Shard {
                items: Mutex::default(),
                shared: Arc::clone(shared),
            })
        };
        Self {
            shards: (0..MIN_SHARDS.max(4 * threads)).map(shard).collect(),
        }
    }

    /// This thread's shard.
    pub(crate) fn home(&self) -> &Arc<Shard<T, C>> {
        #[expect(clippy::indexing_slicing, reason = "there is at least one")]
        &self.shards[threads::number() % self.shards.len()]
    }

    pub(crate) fn all(&self) -> &[Arc<Shard<T, C>>] {
        &self.shards
    }

    /// Takes an item from any shard. Locks all shards at once: an item moved meanwhile would be
    /// missed.
    pub(crate) fn steal(&self, fits: impl Fn(&T) -> bool) -> Option<T> {
        let mut all: Vec<_> = self.shards.iter().map(|shard| shard.lock()).collect();
        all.iter_mut().find_map(|items| take(items, &fits))
    }
}

impl<T, C> Shard<T, C> {
    /// Takes the matching item that was put here last.
    pub(crate) fn take(&self, fits: impl Fn(&T) -> bool) -> Option<T> {
        take(&mut self.lock(), fits)
    }

    pub(crate) fn put(&self, item: T) {
        self.lock().push(item);
    }

    /// Takes the item that was put here first, if there are at least this many.
    pub(crate) fn take_oldest(&self, min_len: usize) -> Option<T> {
        let mut items = self.lock();
        (!items.is_empty() && items.len() >= min_len).then(|| items.remove(0))
    }

    /// Takes all wanted items.
    pub(crate) fn take_all(&self, mut wanted: impl FnMut(&mut T) -> bool) -> Vec<T> {
        self.lock().extract_if(.., |item| wanted(item)).collect()
    }

    /// Shows all items.
    pub(crate) fn for_each(&self, show: impl FnMut(&T)) {
        self.lock().iter().for_each(show);
    }

    /// A panic cannot leave the list half changed.
    fn lock(&self) -> MutexGuard<'_, Vec<T>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn take<T>(items: &mut Vec<T>, fits: impl Fn(&T) -> bool) -> Option<T> {
    let found = items.iter().rposition(fits)?;
    // Keeps the order. The item is usually the last.
    Some(items.remove(found))
}
