//! The state that only the task of a worker has.

use std::sync::Arc;

use super::Queued;
use super::live::Live;
use crate::workers::journal::Journal;

/// The loaded worker, its journal, which may have entries to be written, and the next invocation.
#[derive(Default)]
pub(super) struct TaskState {
    pub(super) live: Option<Live>,
    pub(super) journal: Option<Arc<Journal>>,
    /// The next invocation, until it begins.
    pub(super) queued: Option<Queued>,
}

impl TaskState {
    /// Drops the instance, and returns once the journal is on the disk.
    pub(super) async fn unload(&mut self) {
        self.live = None;
        if let Some(journal) = self.journal.take() {
            journal.close();
            let flush = journal.flush();
            // The failure was logged.
            let _ = journal.written(flush).await;
        }
    }
}
