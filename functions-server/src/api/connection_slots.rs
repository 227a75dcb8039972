//! The places of an API's connections. There are so many; beyond them, a new connection takes the place of the one that
//! has been idle and open for the longest, so that a client which opens that many keeps nobody out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::idle::Work;

/// How often a connection without a place looks for one that has become idle.
const PERIOD: Duration = Duration::from_millis(50);

/// How long it waits for one that is ended, before it ends another.
const LEAVING: Duration = Duration::from_secs(1);

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
    pub(super) async fn take(&self) -> std::io::Result<(Work, Place)> {
        let permit = self.permit().await?;
        // Only now: a connection that waits for a slot has had no time for a request.
        let work = Work::new();
        let mut taken = self.taken();
        let number = taken.next;
        taken.next += 1;
        taken.works.insert(number, work.clone());
        drop(taken);
        let place = Place {
            number,
            places: self.clone(),
            _permit: permit,
        };
        Ok((work, place))
    }

    async fn permit(&self) -> std::io::Result<OwnedSemaphorePermit> {
        loop {
            if let Ok(permit) = self.free.clone().try_acquire_owned() {
                return Ok(permit);
            }
            // Nobody says when a connection becomes idle. One that is ended leaves soon.
            let wait = if self.end_one() { LEAVING } else { PERIOD };
            let freed = timeout(wait, self.free.clone().acquire_owned()).await;
            if let Ok(permit) = freed {
                return permit.map_err(std::io::Error::other);
            }
        }
    }

    /// Says that the server stops.
    pub(super) fn stop(&self) {
        self.taken().works.values().for_each(Work::stop);
    }

    fn end_one(&self) -> bool {
        let taken = self.taken();
        taken.works.values().any(Work::end_if_idle)
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
