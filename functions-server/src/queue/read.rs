//! Shows invocations.

use super::Queue;
use crate::store::StoreError;
use crate::store::invocations::{self, InvocationFilter, InvocationRow, QueuedId, StoredMessage};

/// An invocation with its result.
#[derive(Debug, Clone)]
pub(crate) struct StoredInvocation {
    pub(crate) row: InvocationRow,
    pub(crate) result: Option<StoredMessage>,
}

impl Queue {
    /// An invocation with its result.
    pub(crate) async fn get(&self, id: QueuedId) -> Result<Option<StoredInvocation>, StoreError> {
        let read = move |connection: &_| with_result(connection, invocations::get(connection, id)?);
        self.inner.store.read(read).await
    }

    /// An invocation by the name that its API has for it.
    pub(crate) async fn find(
        &self,
        source: &'static str,
        name: String,
    ) -> Result<Option<StoredInvocation>, StoreError> {
        let read = move |connection: &_| {
            with_result(connection, invocations::find(connection, source, &name)?)
        };
        self.inner.store.read(read).await
    }

    /// Invocations without their results, the latest first.
    pub(crate) async fn list(
        &self,
        wanted: InvocationFilter,
        limit: i64,
    ) -> Result<Vec<InvocationRow>, StoreError> {
        let read = move |connection: &_| invocations::list(connection, &wanted, limit);
        self.inner.store.read(read).await
    }
}

fn with_result(
    connection: &rusqlite::Connection,
    row: Option<InvocationRow>,
) -> rusqlite::Result<Option<StoredInvocation>> {
    let Some(row) = row else { return Ok(None) };
    let result = match row.state.has_ended() {
        true => invocations::result(connection, row.id)?,
        false => None,
    };
    Ok(Some(StoredInvocation { row, result }))
}
