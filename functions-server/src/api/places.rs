//! The places of an API's connections. There are so many; beyond them, a new connection takes the place of the one that
//! has been idle and open for the longest, so that a client which opens that many keeps nobody out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::idle::Work;

/// The places of all connections.
#[derive(Debug, Clone)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    taken: Arc<Mutex<Taken>>,
}

/// The connections that have a place, in the order in which they were opened.
#[derive(Debug, Default)]
struct Taken {
    works: BTreeMap<u64, Work>,
    next: u64,
}

/// A connection's place, until this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    number: u64,
    places: Places,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new(count: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(count)),
            taken: Arc::default(),
        }
    }

    /// Takes a place for a connection. Waits while the server works for all that have one.
    pub(super) async fn take(&self, work: &Work) -> std::io::Result<Place> {
        let free = self.free.clone();
        let permit = match free.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                self.end_one();
                free.acquire_owned().await.map_err(std::io::Error::other)?
            }
        };
        let mut taken = self.taken();
        let number = taken.next;
        taken.next += 1;
        taken.works.insert(number, work.clone());
        drop(taken);
        Ok(Place {
            number,
            places: self.clone(),
            _permit: permit,
        })
    }

    fn end_one(&self) {
        let taken = self.taken();
        let _ = taken.works.values().any(Work::end_if_idle);
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken().works.remove(&self.number);
    }
}
