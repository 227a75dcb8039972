//! Reads what runs need. All that wait are read at once, since a hop to a thread that may block costs more than a
//! read.

use std::sync::{Arc, Weak};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use crate::store::calls::{self, RunRow};
use crate::store::{Store, StoreError};

/// How long a run waits after the store failed.
pub(super) const STORE_PAUSE: Duration = Duration::from_secs(1);

/// How many are read at once at most, so that the first does not wait long.
const MAX_BATCH: usize = 100;

/// A call's row, if the call has not ended; an error if that row is damaged.
type RowResult = Result<Option<RunRow>, rusqlite::Error>;

/// The number of a call, and where its row goes.
type RowRequest = (i64, oneshot::Sender<RowResult>);

/// A handle on the task that reads.
#[derive(Debug)]
pub(super) struct Reads {
    requests: UnboundedSender<RowRequest>,
}

impl Reads {
    pub(super) fn start(store: &Arc<Store>) -> Self {
        let (requests, received) = unbounded_channel();
        // The folder is free for others as soon as nothing reads it.
        tokio::spawn(answer(Arc::downgrade(store), received));
        Self { requests }
    }

    /// What a run of a call needs; `None` if the call has ended, or the store is closed.
    ///
    /// # Errors
    ///
    /// The call's row is damaged. While the database cannot be read at all, this waits.
    pub(super) async fn row(&self, number: i64) -> RowResult {
        loop {
            let (sender, receiver) = oneshot::channel();
            if self.requests.send((number, sender)).is_err() {
                return Ok(None);
            }
            match receiver.await {
                Ok(answer) => return answer,
                Err(_) => tokio::time::sleep(STORE_PAUSE).await,
            }
        }
    }
}

/// Answers requests until all handles are dropped. Without an answer, a run asks again.
async fn answer(store: Weak<Store>, mut received: UnboundedReceiver<RowRequest>) {
    let mut requests = Vec::new();
    while received.recv_many(&mut requests, MAX_BATCH).await > 0 {
        let Some(store) = store.upgrade() else { return };
        let requests = std::mem::take(&mut requests);
        let read = move |connection: &Connection| {
            // One for all: a transaction locks and unlocks.
            let reading = connection.unchecked_transaction()?;
            let mut failed = Ok(());
            for (number, sender) in requests {
                match calls::to_run(&reading, number) {
                    Err(error) if !calls::is_damage(&error) => failed = Err(error),
                    // The caller may have been cancelled.
                    answer => _ = sender.send(answer),
                }
            }
            failed
        };
        match store.read(read).await {
            Ok(()) => {}
            Err(StoreError::Closed) => return,
            Err(error) => tracing::error!(%error, "calls cannot be read"),
        }
    }
}
