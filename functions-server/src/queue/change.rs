//! Changes invocations that were accepted.

use super::{AttemptState, Queue};
use crate::store::invocations::{self, InvocationRow, QueuedId};
use crate::store::{StoreError, Time};

/// An invocation cannot be changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangeError {
    #[error("invocation not found")]
    NotFound,
    #[error(
        "the invocation is {0}: only one that has not ended can be cancelled, and only one that failed retried"
    )]
    WrongState(&'static str),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Queue {
    /// Cancels an invocation; one that runs is ended.
    pub(crate) async fn cancel(&self, id: QueuedId) -> Result<(), ChangeError> {
        let now = Time::now();
        let expiry = self.inner.options.expiry(now);
        let cancel = move |connection: &_| invocations::cancel(connection, id, now, &expiry);
        let Some(function) = self.inner.store.write(cancel).await? else {
            return Err(self.unchanged(id).await?);
        };
        match self.inner.running().get_mut(&id) {
            Some(AttemptState::Running(attempt)) => attempt.abort(),
            Some(claiming) => *claiming = AttemptState::Cancelled,
            None => {}
        }
        // Its room is free for others, also before its turn comes.
        self.inner.schedule().remove(&function, id);
        Ok(())
    }

    /// Runs an invocation again that failed.
    pub(crate) async fn retry(&self, id: QueuedId) -> Result<(), ChangeError> {
        let Some(of) = self.get(id).await? else {
            return Err(ChangeError::NotFound);
        };
        let inner = self.inner.clone();
        let retrying = tokio::spawn(async move {
            let retry = move |connection: &_| invocations::retry(connection, id);
            let is_queued = inner.store.write(retry).await?;
            if is_queued {
                let InvocationRow {
                    source, function, ..
                } = &of.row;
                inner.schedule().restore(source, function, id, 0, None);
                inner.freed.wake();
            }
            Ok::<_, StoreError>(is_queued)
        });
        match retrying.await.map_err(|_| StoreError::Closed)?? {
            true => Ok(()),
            false => Err(self.unchanged(id).await?),
        }
    }

    /// Why an invocation could not be changed.
    async fn unchanged(&self, id: QueuedId) -> Result<ChangeError, StoreError> {
        let found = self.get(id).await?;
        Ok(found.map_or(ChangeError::NotFound, |of| {
            ChangeError::WrongState(of.row.state.name())
        }))
    }
}
