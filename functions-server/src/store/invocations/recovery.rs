//! What a start does with invocations that had not ended.

use rusqlite::Connection;

use super::{Expiry, QueuedId};
use crate::store::Time;

/// An invocation that a start has to run again.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct UnfinishedInvocation {
    pub(crate) id: QueuedId,
    pub(crate) source: String,
    pub(crate) function: String,
    pub(crate) due: Option<Time>,
    /// The length of the request's body.
    pub(crate) length: i64,
}

/// Queues the attempts again that ended with the process, unless that happened `max` times: they may be the
/// cause. Returns all that have not ended, in the order of their acceptance.
pub(crate) fn recover(
    connection: &Connection,
    max: u32,
    now: Time,
    expiry: &Expiry,
) -> rusqlite::Result<Vec<UnfinishedInvocation>> {
    connection.execute(
        "UPDATE invocations SET state = 'queued', interruptions = interruptions + 1
         WHERE finished IS NULL AND state = 'running'",
        [],
    )?;
    let own = expiry
        .own
        .iter()
        .map(|(source, expires)| (Some(*source), *expires));
    for (source, expires) in own.chain([(None, expiry.default)]) {
        connection.execute(
            "UPDATE invocations SET state = 'failed', finished = ?2, expires = ?3,
                 error = 'the host ended ' || interruptions || ' times while it ran'
             WHERE finished IS NULL AND interruptions >= ?1 AND source = coalesce(?4, source)",
            (max, now, expires, source),
        )?;
    }
    connection
        .prepare(
            "SELECT i.id, i.source, i.function, i.due, coalesce(length(r.body), 0) FROM invocations i
             LEFT JOIN invocation_requests r ON r.id = i.id WHERE i.finished IS NULL ORDER BY i.id",
        )?
        .query_map([], |row| {
            Ok(UnfinishedInvocation {
                id: row.get(0)?,
                source: row.get(1)?,
                function: row.get(2)?,
                due: row.get(3)?,
                length: row.get(4)?,
            })
        })?
        .collect()
}
