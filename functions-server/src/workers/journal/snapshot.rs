//! Journals that begin with what a component has saved of itself, instead of all that led there.

use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use super::entry::{JournalEntry, Snapshot};
use super::{Journal, JournalState, WriteProgress};
use crate::store::workers::Flush;

/// The most rows that are deleted at once: meanwhile, nothing else is written.
const MAX_ROWS: u64 = 100_000;

impl Journal {
    /// Whether so much was added since the last snapshot that another one pays. A large one has to last longer.
    pub(crate) fn is_long(&self) -> bool {
        let inner = self.inner();
        let added = inner.length.saturating_sub(inner.snapshot);
        let rows = inner.next.seq.saturating_sub(inner.first);
        self.snapshot_after > 0
            && added >= self.snapshot_after.max(inner.snapshot)
            && rows <= MAX_ROWS
    }

    /// The longest state that is kept, in bytes.
    pub(crate) fn longest_snapshot(&self) -> u64 {
        self.limit / 2
    }

    /// A journal that may take the place of this one, which is closed and written. Nothing of it is written before
    /// [`replace`](Self::replace).
    pub(crate) fn successor(&self) -> Arc<Self> {
        let inner = self.inner();
        let next = JournalState {
            next: Flush {
                worker: self.worker,
                seq: inner.next.seq,
                ..Flush::default()
            },
            first: inner.next.seq,
            results: inner.results,
            result_count: inner.result_count,
            stored: inner.stored,
            is_held: true,
            ..JournalState::default()
        };
        Arc::new(Self {
            store: self.store.clone(),
            worker: self.worker,
            limit: self.limit,
            kept: self.kept,
            snapshot_after: self.snapshot_after,
            live: watch::Sender::new(true),
            inner: Mutex::new(next),
            written: watch::Sender::new(WriteProgress::Until(0)),
        })
    }

    /// Writes what was added so far, as the first row, and deletes all rows before. The number is for
    /// [`written`](Self::written).
    pub(crate) fn replace(self: &Arc<Self>) -> u64 {
        {
            let mut inner = self.inner();
            inner.is_held = false;
            inner.snapshot = inner.length;
            inner.next.is_first = true;
        }
        self.flush()
    }

    /// The snapshot that the journal begins with, once what led to its loading was run through.
    pub(crate) fn next_snapshot(&self) -> Option<Snapshot> {
        match self.inner().recorded.front()? {
            JournalEntry::Snapshot(_) => {}
            _ => return None,
        }
        match self.next() {
            Some(JournalEntry::Snapshot(snapshot)) => Some(snapshot),
            _ => None,
        }
    }
}
