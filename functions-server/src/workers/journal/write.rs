//! Adds to a journal, and writes what was added.

use std::sync::Arc;

use super::entry::{self, InvocationOutcome, JournalEntry};
use super::{Journal, JournalState, JournalTooLong, NotWritten, WriteProgress};
use crate::store::workers::{self, Flush, StoredState};

/// Which part of the limit an invocation has beyond it that has begun. One that needs more ends its worker; the next
/// one is refused, and the worker is as before.
const OVERRUN_PART: u64 = 4;

impl Journal {
    /// Adds an entry, which the next flush writes.
    pub(crate) fn add(&self, entry: &JournalEntry) -> Result<(), JournalTooLong> {
        let mut inner = self.inner();
        if inner.is_closed {
            return Ok(());
        }
        // What ends the last invocation always has room, and what comes of its requests.
        let limit = self.limit;
        let has_room = matches!(
            entry,
            JournalEntry::End(_) | JournalEntry::Ended { .. } | JournalEntry::Done { .. }
        );
        if inner.length > self.longest() && !has_room {
            return Err(JournalTooLong { limit });
        }
        let before = inner.next.data.len();
        let JournalState { next, texts, .. } = &mut *inner;
        entry::write(&mut next.data, entry, texts);
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

    /// Whether the journal is too long for another invocation, whose start takes this many bytes.
    pub(crate) fn check_length(&self, start: usize) -> Result<(), JournalTooLong> {
        let (limit, length) = (self.limit, self.inner().length);
        match length > limit || length.saturating_add(start as u64) > self.longest() {
            true => Err(JournalTooLong { limit }),
            false => Ok(()),
        }
    }

    /// How long an invocation may make the journal that has begun.
    fn longest(&self) -> u64 {
        self.limit.saturating_add(self.limit / OVERRUN_PART)
    }

    /// How many entries were added since the worker was loaded.
    pub(crate) fn added(&self) -> u64 {
        self.inner().added
    }

    /// Adds the outcome of an invocation, for its key.
    pub(crate) fn add_result(&self, key: String, outcome: &InvocationOutcome) {
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
        if inner.is_held {
            return inner.flushes;
        }
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
                    (None, WriteProgress::Until(until)) => WriteProgress::Until(until.max(number)),
                    _ => WriteProgress::Failed,
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
            WriteProgress::Until(until) => *until >= flush,
            WriteProgress::Failed => true,
        });
        match reached.await.map(|written| *written) {
            Ok(WriteProgress::Until(_)) => Ok(()),
            _ => Err(NotWritten),
        }
    }

    /// Whether a flush could not be written.
    pub(crate) fn is_broken(&self) -> bool {
        *self.written.borrow() == WriteProgress::Failed
    }
}
