//! Reads what runs need. All that wait are read at once, since a hop to a thread that may block costs more than a
//! read.

use std::sync::{Arc, Weak};

use rusqlite::Connection;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use super::run::STORE_PAUSE;
use crate::store::calls::{self, RunRow};
use crate::store::{Store, StoreError};

/// How many are read at once at most, so that the first does not wait long.
const AT_ONCE: usize = 100;

/// A call's row, if the call has not ended; an error if that row is damaged.
type Answer = Result<Option<RunRow>, rusqlite::Error>;

/// The number of a call, and who waits for its row.
type Asked = (i64, oneshot::Sender<Answer>);

/// A handle on the task that reads.
#[derive(Debug)]
pub(super) struct Reads {
    asked: UnboundedSender<Asked>,
}

impl Reads {
    pub(super) fn start(store: &Arc<Store>) -> Self {
        let (asked, heard) = unbounded_channel();
        // The folder is free for others as soon as nothing reads it.
        tokio::spawn(answer(Arc::downgrade(store), heard));
        Self { asked }
    }

    /// What a run of a call needs; `None` if the call has ended, or the store is closed.
    ///
    /// # Errors
    ///
    /// The call's row is damaged. While the database cannot be read at all, this waits.
    pub(super) async fn row(&self, number: i64) -> Answer {
        loop {
            let (reply, replied) = oneshot::channel();
            if self.asked.send((number, reply)).is_err() {
                return Ok(None);
            }
            match replied.await {
                Ok(answer) => return answer,
                Err(_) => tokio::time::sleep(STORE_PAUSE).await,
            }
        }
    }
}

/// Answers until nobody can ask. Without an answer, a run asks again.
async fn answer(store: Weak<Store>, mut heard: UnboundedReceiver<Asked>) {
    let mut asked = Vec::new();
    while heard.recv_many(&mut asked, AT_ONCE).await > 0 {
        let Some(store) = store.upgrade() else { return };
        let asked = std::mem::take(&mut asked);
        let read = move |connection: &Connection| {
            // One for all: a transaction locks and unlocks.
            let reading = connection.unchecked_transaction()?;
            let mut failed = Ok(());
            for (number, reply) in asked {
                match calls::to_run(&reading, number) {
                    Err(error) if !calls::is_damage(&error) => failed = Err(error),
                    // The caller may have been cancelled.
                    answer => _ = reply.send(answer),
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
