//! The slots of an API's connections. If all are in use, a new connection replaces the idle one that was opened first, so
//! that a client which opens many connections keeps nobody out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::idle::ActiveRequests;

/// How often a connection without a slot looks for an idle connection.
const PERIOD: Duration = Duration::from_millis(50);

/// How long such a connection waits for the end of an idle one, before it ends another.
const LEAVING: Duration = Duration::from_secs(1);

/// The slots of all connections.
#[derive(Debug, Clone)]
pub(super) struct ConnectionSlots {
    free: Arc<Semaphore>,
    open: Arc<Mutex<OpenConnections>>,
}

/// The connections that have a slot, in the order in which they were opened.
#[derive(Debug, Default)]
struct OpenConnections {
    active: BTreeMap<u64, ActiveRequests>,
    next: u64,
}

/// A connection's slot, until this is dropped.
#[derive(Debug)]
pub(super) struct ConnectionSlot {
    number: u64,
    slots: ConnectionSlots,
    _permit: OwnedSemaphorePermit,
}

impl ConnectionSlots {
    pub(super) fn new(count: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(count)),
            open: Arc::default(),
        }
    }

    /// Takes a slot for a connection. Waits while the server works for all connections that have one.
    pub(super) async fn acquire(&self) -> std::io::Result<(ActiveRequests, ConnectionSlot)> {
        let permit = self.permit().await?;
        // Only now: a connection that waits for a slot has had no time for a request.
        let requests = ActiveRequests::new();
        let mut open = self.open();
        let number = open.next;
        open.next += 1;
        open.active.insert(number, requests.clone());
        drop(open);
        let slot = ConnectionSlot {
            number,
            slots: self.clone(),
            _permit: permit,
        };
        Ok((requests, slot))
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
        self.open().active.values().for_each(ActiveRequests::stop);
    }

    fn end_one(&self) -> bool {
        let open = self.open();
        open.active.values().any(ActiveRequests::end_if_idle)
    }

    fn open(&self) -> MutexGuard<'_, OpenConnections> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.slots.open().active.remove(&self.number);
    }
}
