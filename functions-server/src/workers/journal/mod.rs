//! What a worker has done and got from outside: read again after a restart, and written as it goes on.
//!
//! A worker first runs through what was recorded, and gets the recorded answers. From the last entry on, it
//! is live: what it gets is added to a buffer, and a flush writes the buffer as one row. Flushes reach the
//! disk in order.

mod entry;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

pub(crate) use entry::{Answer, Entry, Outcome, UnreadableRow};

use crate::store::Store;
use crate::store::workers::{self, Flush, StoredState};

/// A worker's journal.
#[derive(Debug)]
pub(crate) struct Journal {
    store: Arc<Store>,
    worker: i64,
    limit: u64,
    /// How many results are kept.
    kept: u64,
    inner: Mutex<Inner>,
    /// Whether everything recorded was run through.
    live: watch::Sender<bool>,
    written: watch::Sender<Written>,
}

#[derive(Debug)]
struct Inner {
    recorded: VecDeque<Entry>,
    answers: HashMap<u32, Answer>,
    next: Flush,
    /// How many flushes were passed on.
    flushes: u64,
    /// How many entries were added since the worker was loaded.
    added: u64,
    /// The length of the journal in bytes.
    length: u64,
    results: u64,
    /// How many are kept now.
    result_count: u64,
    /// Whether an invocation has begun and not ended.
    is_running: bool,
    /// Where the worker stands as far as it is written.
    stored: StoredState,
    /// Nothing is added any longer.
    is_closed: bool,
}

impl Inner {
    fn note(&mut self, entry: &Entry) {
        match entry {
            Entry::Start { .. } => self.is_running = true,
            Entry::End(_) => self.is_running = false,
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
            // What was interrupted stays so until it goes on.
            if self.stored == StoredState::Interrupted && self.next.data.is_empty() {
                return;
            }
            self.stored = state;
            self.next.state = Some((state, None));
        }
    }
}

/// How far flushes are on the disk.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Written {
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

/// How much is kept of a worker.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The longest journal, in bytes.
    pub(crate) length: u64,
    pub(crate) results: u64,
}

/// A journal cannot be written. What was not written is as if it had not been.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the worker's journal cannot be written")]
pub(crate) struct NotWritten;

/// A journal is as long as it may get.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error(
    "the worker's journal is longer than {limit} bytes: raise --worker-journal, or use a new worker"
)]
pub(crate) struct TooLong {
    limit: u64,
}

/// The key of an invocation that has begun and not ended.
pub(crate) fn unfinished_key(rows: &[Vec<u8>]) -> Result<Option<String>, UnreadableRow> {
    let mut begun = None;
    for entry in entry::read(rows)? {
        match entry {
            Entry::Start { key, .. } => begun = Some(key),
            Entry::End(_) => begun = None,
            _ => {}
        }
    }
    Ok(begun)
}

impl Journal {
    /// A journal of these rows.
    pub(crate) fn new(
        store: Arc<Store>,
        worker: i64,
        rows: &[Vec<u8>],
        stored: Stored,
        limits: &Limits,
    ) -> Result<Arc<Self>, UnreadableRow> {
        let (mut recorded, mut answers) = (VecDeque::new(), HashMap::new());
        for entry in entry::read(rows)? {
            match entry {
                Entry::Done { number, answer } => {
                    answers.insert(number, answer);
                }
                entry => recorded.push_back(entry),
            }
        }
        let seq = rows.len() as u64;
        let inner = Inner {
            answers,
            next: Flush {
                worker,
                seq,
                ..Flush::default()
            },
            flushes: 0,
            added: 0,
            length: rows.iter().map(|row| row.len() as u64).sum(),
            // Numbers of results only have to grow.
            results: seq << 16,
            is_running: false,
            result_count: stored.results,
            stored: stored.state,
            recorded,
            is_closed: false,
        };
        Ok(Arc::new(Self {
            store,
            worker,
            limit: limits.length,
            kept: limits.results,
            live: watch::Sender::new(inner.recorded.is_empty()),
            inner: Mutex::new(inner),
            written: watch::Sender::new(Written::Until(0)),
        }))
    }

    /// A journal that has nothing, and takes nothing.
    pub(crate) fn closed(store: Arc<Store>) -> Arc<Self> {
        let inner = Inner {
            recorded: VecDeque::new(),
            answers: HashMap::new(),
            next: Flush::default(),
            flushes: 0,
            added: 0,
            length: 0,
            results: 0,
            result_count: 0,
            is_running: false,
            stored: StoredState::Idle,
            is_closed: true,
        };
        Arc::new(Self {
            store,
            worker: 0,
            limit: u64::MAX,
            kept: u64::MAX,
            live: watch::Sender::new(true),
            inner: Mutex::new(inner),
            written: watch::Sender::new(Written::Until(0)),
        })
    }

    /// The next recorded entry. `None`: the worker is live.
    pub(crate) fn next(&self) -> Option<Entry> {
        let mut inner = self.inner();
        let next = inner.recorded.pop_front()?;
        inner.note(&next);
        if inner.recorded.is_empty() {
            self.live.send_replace(true);
        }
        Some(next)
    }

    /// The invocation that was recorded next.
    pub(crate) fn next_start(&self) -> Option<Entry> {
        match self.inner().recorded.front()? {
            Entry::Start { .. } => {}
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
    pub(crate) fn answer(&self, number: u32) -> Option<Answer> {
        self.inner().answers.remove(&number)
    }

    /// Adds an entry, which the next flush writes.
    pub(crate) fn add(&self, entry: &Entry) -> Result<(), TooLong> {
        let mut inner = self.inner();
        if inner.is_closed {
            return Ok(());
        }
        // What ends the last invocation always has room, and what comes of its requests.
        let limit = self.limit;
        let has_room = matches!(entry, Entry::End(_) | Entry::Done { .. });
        if inner.length > limit && !has_room {
            return Err(TooLong { limit });
        }
        let before = inner.next.data.len();
        entry::write(&mut inner.next.data, entry);
        inner.length += (inner.next.data.len() - before) as u64;
        inner.added += 1;
        inner.note(entry);
        Ok(())
    }

    /// Whether entries are taken.
    pub(crate) fn is_recording(&self) -> bool {
        !self.inner().is_closed
    }

    /// Takes no further entries: what an instance began that is gone may still end.
    pub(crate) fn close(&self) {
        self.inner().is_closed = true;
    }

    /// Says with the next flush what the worker has: its resources as JSON, and its memories.
    pub(crate) fn set_usage(&self, resources: String, memory: u64) {
        self.inner().next.usage = Some((resources, memory));
    }

    /// Whether the journal is as long as it may get.
    pub(crate) fn check_length(&self) -> Result<(), TooLong> {
        let limit = self.limit;
        match self.inner().length > limit {
            true => Err(TooLong { limit }),
            false => Ok(()),
        }
    }

    /// How many entries were added since the worker was loaded.
    pub(crate) fn added(&self) -> u64 {
        self.inner().added
    }

    /// Adds what came of an invocation, for its key.
    pub(crate) fn add_result(&self, key: String, outcome: &Outcome) {
        let mut inner = self.inner();
        inner.results += 1;
        let number = inner.results;
        inner.next.results.push((key, number, outcome.to_bytes()));
        inner.result_count += 1;
        // Some at once, so that it costs little.
        if inner.result_count > self.kept.saturating_add(self.kept / 64) {
            let forgotten = inner.result_count - self.kept;
            inner.next.forgotten += forgotten;
            inner.result_count -= forgotten;
        }
    }

    /// Takes an invocation out of the queue with the next flush.
    pub(crate) fn take(&self, number: u64) {
        self.inner().next.taken.push(number);
    }

    /// Says with the next flush where the worker stands, if it is not only running or idle.
    pub(crate) fn set_state(&self, state: StoredState, error: Option<String>) {
        let mut inner = self.inner();
        inner.stored = state;
        inner.next.state = Some((state, error));
    }

    /// Writes what was added. The number is for [`written`](Self::written).
    pub(crate) fn flush(self: &Arc<Self>) -> u64 {
        let mut inner = self.inner();
        inner.note_state();
        if inner.next.is_empty() {
            return inner.flushes;
        }
        let has_row = !inner.next.data.is_empty();
        let after = Flush {
            worker: self.worker,
            seq: inner.next.seq + u64::from(has_row),
            ..Flush::default()
        };
        let flush = std::mem::replace(&mut inner.next, after);
        inner.flushes += 1;
        let number = inner.flushes;
        // While this is locked, so that no later flush overtakes it.
        let submitted = self
            .store
            .submit(move |connection| workers::append(connection, &flush));
        drop(inner);
        let journal = self.clone();
        tokio::spawn(async move {
            let failed = match submitted {
                Ok(written) => match written.await {
                    Ok(Ok(())) => None,
                    Ok(Err(error)) => Some(error.to_string()),
                    Err(_) => Some("the store is closed".to_owned()),
                },
                Err(error) => Some(error.to_string()),
            };
            if let Some(error) = &failed {
                tracing::warn!(worker = journal.worker, %error, "a worker's journal cannot be written");
            }
            journal.written.send_if_modified(|written| {
                let now = match (&failed, *written) {
                    (None, Written::Until(until)) => Written::Until(until.max(number)),
                    _ => Written::Failed,
                };
                std::mem::replace(written, now) != now
            });
        });
        number
    }

    /// Returns once this flush and all before it are on the disk.
    pub(crate) async fn written(&self, flush: u64) -> Result<(), NotWritten> {
        let mut written = self.written.subscribe();
        let reached = written.wait_for(|written| match written {
            Written::Until(until) => *until >= flush,
            Written::Failed => true,
        });
        match reached.await.map(|written| *written) {
            Ok(Written::Until(_)) => Ok(()),
            _ => Err(NotWritten),
        }
    }

    /// Whether a flush could not be written.
    pub(crate) fn is_broken(&self) -> bool {
        *self.written.borrow() == Written::Failed
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
