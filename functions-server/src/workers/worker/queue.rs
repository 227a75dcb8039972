//! The invocations of a worker that wait.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::waiting_bytes::{ByteCounter, ByteReservation, WaitingBytes};
use super::{Worker, WorkerPhase, WorkerState};
use crate::store::workers::{self, QueueRow, StoredState};
use crate::store::{Store, StoreError};
use crate::workers::check::CheckedCall;
use crate::workers::error::WorkerError;
use crate::workers::limits::WorkerLimits;
use crate::workers::waits::InvocationPhase;

/// An invocation that waits.
#[derive(Debug)]
pub(super) struct Queued {
    /// Its number in the stored queue, if it is asynchronous.
    pub(super) number: Option<u64>,
    pub(super) key: String,
    /// Whether somebody may ask again with the key.
    pub(super) has_known_key: bool,
    pub(super) text: String,
    pub(super) params: String,
    /// `None`: from the stored queue, to be checked again.
    pub(super) call: Option<CheckedCall>,
    /// The workers that wait for it.
    pub(super) origin: Option<Arc<str>>,
    /// What it takes while it waits.
    pub(super) room: ByteReservation,
}

/// An invocation to be added.
pub(in crate::workers) struct Submitted {
    pub(in crate::workers) call: CheckedCall,
    pub(in crate::workers) key: String,
    /// Whether somebody may ask again with the key.
    pub(in crate::workers) has_known_key: bool,
    /// The workers that wait for it.
    pub(in crate::workers) origin: Option<Arc<str>>,
}

/// Resolves once a write is on the disk.
pub(in crate::workers) type PendingWrite = oneshot::Receiver<Result<(), StoreError>>;

/// An invocation in the stored queue.
pub(in crate::workers) struct QueuedWrite {
    pub(in crate::workers) number: u64,
    pub(in crate::workers) written: PendingWrite,
}

/// Waits for a write.
pub(in crate::workers) async fn written(written: PendingWrite) -> Result<(), WorkerError> {
    match written.await {
        Ok(written) => Ok(written?),
        Err(_) => Err(WorkerError::Unavailable("the store is closed".to_owned())),
    }
}

impl Worker {
    /// Adds an invocation whose key is reserved. With a store, it is kept there, and runs even if the caller
    /// leaves; the returned value tells when it is on the disk.
    pub(in crate::workers) fn submit(
        &self,
        submitted: Submitted,
        store: Option<&Store>,
        limits: &WorkerLimits,
        waiting: &WaitingBytes,
    ) -> Result<Option<QueuedWrite>, WorkerError> {
        let Submitted {
            call,
            key,
            has_known_key,
            origin,
        } = submitted;
        let mut shared = self.shared();
        match &shared.phase {
            WorkerPhase::Failed(why) => {
                return Err(WorkerError::PreviousInvocationFailed(why.clone()));
            }
            WorkerPhase::Exited => return Err(WorkerError::PreviousInvocationExited),
            _ => {}
        }
        if shared.is_closed || shared.has_given_up {
            return Err(WorkerError::unloading());
        }
        if let (Some(full), Some(_)) = (&shared.full, store) {
            return Err(WorkerError::JournalFull(full.clone()));
        }
        if shared.queue.len() >= limits.queue {
            return Err(WorkerError::QueueFull(shared.queue.len()));
        }
        let room = waiting.take(&self.waiting, call.params.len(), limits.journal)?;
        // While this is locked, so that the write which takes it out of the queue comes later.
        let kept = match store {
            None => None,
            Some(store) => Some(self.keep(&mut shared, store, &call, &key)?),
        };
        shared.queue.push_back(Queued {
            number: kept.as_ref().map(|kept| kept.number),
            key,
            has_known_key,
            text: call.text.clone(),
            params: call.params.clone(),
            call: Some(call),
            origin,
            room,
        });
        if shared.phase == WorkerPhase::Interrupted {
            shared.phase = WorkerPhase::Idle;
            shared.is_cut_off = true;
        }
        Ok(kept)
    }

    fn keep(
        &self,
        shared: &mut WorkerState,
        store: &Store,
        call: &CheckedCall,
        key: &str,
    ) -> Result<QueuedWrite, WorkerError> {
        let number = shared.next_number;
        let row = QueueRow {
            number,
            key: key.to_owned(),
            function: call.text.clone(),
            params: call.params.clone(),
        };
        let worker = self.id;
        // What was interrupted continues, also after a restart.
        let goes_on = shared.phase == WorkerPhase::Interrupted;
        let written = store.submit(move |connection| {
            if goes_on {
                workers::set_state(connection, worker, StoredState::Running, None)?;
            }
            workers::enqueue(connection, worker, &row)
        })?;
        shared.next_number += 1;
        Ok(QueuedWrite { number, written })
    }

    /// Takes an invocation out of the queue that could not be kept there, if it has not begun.
    pub(in crate::workers) fn withdraw(&self, number: u64) {
        let mut shared = self.shared();
        shared.queue.retain(|queued| queued.number != Some(number));
    }

    /// Puts back a stored invocation that does not fit into the journal. Stored invocations start only once there is
    /// room again; callers that wait for one get the error.
    pub(super) fn stall(&self, queued: Queued, why: &str) {
        let mut shared = self.shared();
        shared.queue.push_front(queued);
        shared.full = Some(why.to_owned());
        let WorkerState { queue, keys, .. } = &mut *shared;
        for queued in queue.iter().filter(|queued| queued.number.is_some()) {
            let waiters = keys.get_mut(&queued.key).map(std::mem::take);
            for waiter in waiters.unwrap_or_default() {
                // The caller may have gone away.
                let _ = waiter.send(Err(WorkerError::JournalFull(why.to_owned())));
            }
        }
    }

    /// The journal has room: what is stored may begin.
    pub(super) fn has_room(&self) {
        self.shared().full = None;
    }

    /// Where the invocation with this key is.
    pub(in crate::workers) fn invocation_phase(&self, key: &str) -> InvocationPhase {
        let shared = self.shared();
        if shared.running.as_deref() == Some(key) {
            return InvocationPhase::Running;
        }
        match shared.queue.iter().any(|queued| queued.key == key) {
            true => InvocationPhase::Queued,
            false => InvocationPhase::Ended,
        }
    }

    /// Takes an invocation out of the queue whose only caller has left.
    pub(in crate::workers) fn release(&self, key: &str) -> QueueRelease {
        let mut shared = self.shared();
        let place = shared.queue.iter().position(|queued| queued.key == key);
        let Some(place) = place else {
            return QueueRelease::Started;
        };
        let is_stored = shared
            .queue
            .get(place)
            .is_some_and(|queued| queued.number.is_some());
        let waiters = shared.keys.get(key).map_or(0, Vec::len);
        if is_stored || waiters > 1 {
            return QueueRelease::Shared;
        }
        shared.queue.remove(place);
        shared.keys.remove(key);
        QueueRelease::Released
    }
}

impl WorkerState {
    /// Why the stored invocation with this key cannot begin, if that is so.
    pub(super) fn stalled(&self, key: &str) -> Option<WorkerError> {
        let full = self.full.as_ref()?;
        let mut stored = self.queue.iter().filter(|queued| queued.number.is_some());
        let is_stored = stored.any(|queued| queued.key == key);
        is_stored.then(|| WorkerError::JournalFull(full.clone()))
    }

    /// Takes the next invocation that can begin.
    pub(super) fn next_queued(&mut self) -> Option<Queued> {
        let place = match self.full {
            None => 0,
            Some(_) => self
                .queue
                .iter()
                .position(|queued| queued.number.is_none())?,
        };
        self.queue.remove(place)
    }

    /// Whether nothing waits that can begin, and nobody waits for an answer.
    pub(super) fn is_unused(&self) -> bool {
        let is_stalled = |queued: &Queued| self.full.is_some() && queued.number.is_some();
        // Each invocation in the queue has its key.
        !self.is_cut_off && self.queue.iter().all(is_stalled) && self.keys.len() <= self.queue.len()
    }
}

/// The outcome of an invocation that a caller does not want any longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::workers) enum QueueRelease {
    /// It never runs.
    Released,
    /// Others wait for it: it runs when it is its turn.
    Shared,
    Started,
}

impl Queued {
    pub(super) fn stored(row: QueueRow, waiting: &ByteCounter) -> Self {
        Self {
            room: ByteReservation::kept(waiting, row.params.len()),
            number: Some(row.number),
            key: row.key,
            has_known_key: true,
            text: row.function,
            params: row.params,
            call: None,
            origin: None,
        }
    }
}
