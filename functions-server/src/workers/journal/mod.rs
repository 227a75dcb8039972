//! What a worker has done and got from outside: read again after a restart, and written as it continues.
//!
//! A worker first runs through what was recorded, and gets the recorded answers. From the last entry on, it
//! is live: what it gets is added to a buffer, and a flush writes the buffer as one row. Flushes reach the
//! disk in order.

mod entry;
mod recorded;
mod snapshot;
#[cfg(test)]
mod tests;
mod texts;
mod write;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

pub(crate) use entry::{InvocationOutcome, JournalEntry, RequestOutcome, Snapshot, UnreadableRow};

use crate::store::Store;
use crate::store::workers::{Flush, Rows, StoredState};
use recorded::{Contents, Recorded};
use texts::Texts;

/// A worker's journal.
#[derive(Debug)]
pub(crate) struct Journal {
    store: Arc<Store>,
    worker: i64,
    limit: u64,
    /// How many results are kept.
    kept: u64,
    /// After how many bytes it is shortened, if it can be.
    snapshot_after: u64,
    inner: Mutex<JournalState>,
    /// Whether everything recorded was run through.
    live: watch::Sender<bool>,
    written: watch::Sender<WriteProgress>,
}

#[derive(Debug, Default)]
struct JournalState {
    recorded: Recorded,
    answers: HashMap<u32, RequestOutcome>,
    /// What was written in full.
    texts: Texts,
    next: Flush,
    /// How many flushes were passed on.
    flushes: u64,
    /// How many entries were added since the worker was loaded.
    added: u64,
    /// The length of the journal in bytes.
    length: u64,
    /// The length of a snapshot and its loading, if it begins with one.
    snapshot: u64,
    /// The number of its first row.
    first: u64,
    results: u64,
    /// How many are kept now.
    result_count: u64,
    /// Whether an invocation has begun and not ended.
    is_running: bool,
    /// Where the worker stands as far as it is written.
    stored: StoredState,
    /// Nothing is added any longer.
    is_closed: bool,
    /// Nothing is written yet.
    is_held: bool,
}

impl JournalState {
    fn note(&mut self, entry: &JournalEntry) {
        match entry {
            JournalEntry::Start { .. } => self.is_running = true,
            JournalEntry::End(_) | JournalEntry::Ended { .. } => self.is_running = false,
            _ => {}
        }
    }

    /// An invocation that begins and ends within one flush changes no state.
    fn note_state(&mut self) {
        let state = match self.is_running {
            true => StoredState::Running,
            false => StoredState::Idle,
        };
        if self.next.state.is_none() && self.stored != state && !self.stored.is_over() {
            // What was interrupted stays so until it continues.
            if self.stored == StoredState::Interrupted && self.next.data.is_empty() {
                return;
            }
            self.stored = state;
            self.next.state = Some((state, None));
        }
    }
}

/// Of all journals that take nothing: these never change.
static LIVE: LazyLock<watch::Sender<bool>> = LazyLock::new(|| watch::Sender::new(true));
static WRITTEN: LazyLock<watch::Sender<WriteProgress>> =
    LazyLock::new(|| watch::Sender::new(WriteProgress::Until(0)));

/// How far flushes are on the disk.
#[derive(Debug, Clone, Copy, PartialEq)]
enum WriteProgress {
    Until(u64),
    /// One could not be written, and none after it.
    Failed,
}

/// What is stored of a worker besides its journal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stored {
    pub(crate) state: StoredState,
    /// How many results are kept.
    pub(crate) results: u64,
}

/// The limits of a worker's journal and results.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JournalLimits {
    /// The longest journal, in bytes.
    pub(crate) length: u64,
    pub(crate) results: u64,
    /// After how many bytes a journal is shortened, if it can be. 0: never.
    pub(crate) snapshot_after: u64,
}

/// A journal cannot be written. What was not written is as if it had not been.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the worker's journal cannot be written")]
pub(crate) struct NotWritten;

/// The error of a journal that is as long as it may get.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error(
    "the worker's journal would be longer than {limit} bytes: raise --worker-journal, or use a new worker"
)]
pub(crate) struct JournalTooLong {
    limit: u64,
}

impl JournalTooLong {
    /// Refuses what can have no room in a journal with this limit.
    pub(crate) fn check(bytes: usize, limit: u64) -> Result<(), Self> {
        match bytes as u64 > limit {
            true => Err(Self { limit }),
            false => Ok(()),
        }
    }
}

/// The key of an invocation that has begun and not ended.
pub(crate) fn unfinished_key(rows: &[Vec<u8>]) -> Result<Option<String>, UnreadableRow> {
    let mut begun = None;
    entry::read(rows, |entry| match entry {
        JournalEntry::Start { key, .. } => begun = Some(key),
        JournalEntry::End(_) | JournalEntry::Ended { .. } => begun = None,
        _ => {}
    })?;
    Ok(begun)
}

impl Journal {
    /// A journal of these rows.
    pub(crate) fn new(
        store: Arc<Store>,
        worker: i64,
        rows: Rows,
        stored: Stored,
        limits: &JournalLimits,
    ) -> Result<Arc<Self>, UnreadableRow> {
        let Rows { first, rows } = rows;
        let seq = first + rows.len() as u64;
        let length = rows.iter().map(|row| row.len() as u64).sum();
        let row = rows.first().map_or(0, Vec::len);
        let Contents {
            recorded,
            answers,
            texts,
            has_snapshot,
        } = Recorded::read(rows)?;
        let inner = JournalState {
            answers,
            texts,
            next: Flush {
                worker,
                seq,
                ..Flush::default()
            },
            flushes: 0,
            added: 0,
            length,
            snapshot: if has_snapshot { row as u64 } else { 0 },
            first,
            // Numbers of results only have to grow.
            results: seq << 16,
            is_running: false,
            result_count: stored.results,
            stored: stored.state,
            recorded,
            is_closed: false,
            is_held: false,
        };
        Ok(Arc::new(Self {
            store,
            worker,
            limit: limits.length,
            kept: limits.results,
            snapshot_after: limits.snapshot_after,
            live: watch::Sender::new(inner.recorded.is_empty()),
            inner: Mutex::new(inner),
            written: watch::Sender::new(WriteProgress::Until(0)),
        }))
    }

    /// A journal that has nothing, and takes nothing.
    pub(crate) fn closed(store: Arc<Store>) -> Arc<Self> {
        let inner = JournalState {
            is_closed: true,
            is_held: true,
            ..JournalState::default()
        };
        Arc::new(Self {
            store,
            worker: 0,
            limit: u64::MAX,
            kept: u64::MAX,
            snapshot_after: 0,
            live: LIVE.clone(),
            inner: Mutex::new(inner),
            written: WRITTEN.clone(),
        })
    }

    /// The next recorded entry. `None`: the worker is live.
    pub(crate) fn next(&self) -> Option<JournalEntry> {
        let mut inner = self.inner();
        let next = inner.recorded.pop()?;
        inner.note(&next);
        if inner.recorded.is_empty() {
            self.live.send_replace(true);
        }
        Some(next)
    }

    /// The invocation that was recorded next.
    pub(crate) fn next_start(&self) -> Option<JournalEntry> {
        match self.inner().recorded.front()? {
            JournalEntry::Start { .. } => {}
            _ => return None,
        }
        self.next()
    }

    pub(crate) fn is_replaying(&self) -> bool {
        !self.inner().recorded.is_empty()
    }

    /// Returns once everything recorded was run through.
    pub(crate) async fn live(&self) {
        // The sender is in here.
        let _ = self.live.subscribe().wait_for(|live| *live).await;
    }

    /// The recorded answer to a request.
    pub(crate) fn answer(&self, number: u32) -> Option<RequestOutcome> {
        self.inner().answers.remove(&number)
    }

    fn inner(&self) -> MutexGuard<'_, JournalState> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
