//! What the task of a worker holds.

use std::sync::Arc;

use super::Queued;
use super::live::Live;
use crate::workers::journal::Journal;

/// What is loaded, and the journal that may have entries to be written.
#[derive(Default)]
pub(super) struct WorkerSlot {
    pub(super) live: Option<Live>,
    pub(super) journal: Option<Arc<Journal>>,
    /// What is to run, until it begins.
    pub(super) queued: Option<Queued>,
}

impl WorkerSlot {
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
