//! The rows of asynchronous invocations.

mod accept;
mod expiry;
mod id;
mod list;
mod recovery;
mod state;

use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

use super::Time;
pub(crate) use accept::{Added, NewInvocation, add, known};
pub(crate) use expiry::{Expiry, delete_expired};
pub(crate) use id::QueuedId;
pub(crate) use list::{InvocationFilter, list};
pub(crate) use recovery::recover;
pub(crate) use state::InvocationState;

/// A request or a result: a head in JSON, and a body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredMessage {
    pub(crate) head: String,
    pub(crate) body: bytes::Bytes,
}

/// An invocation, without its messages.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct InvocationRow {
    pub(crate) id: QueuedId,
    pub(crate) source: String,
    pub(crate) name: Option<String>,
    pub(crate) function: String,
    pub(crate) state: InvocationState,
    pub(crate) attempts: u32,
    pub(crate) interruptions: u32,
    pub(crate) version: Option<i64>,
    pub(crate) accepted: Time,
    pub(crate) due: Option<Time>,
    pub(crate) started: Option<Time>,
    pub(crate) finished: Option<Time>,
    pub(crate) error: Option<String>,
    /// The id that a trusted proxy gave the request.
    pub(crate) request_id: Option<String>,
}

const COLUMNS: &str = "id, source, name, function, state, attempts, interruptions, version, accepted, due, \
                       started, finished, error, request_id";

fn row(row: &Row<'_>) -> rusqlite::Result<InvocationRow> {
    Ok(InvocationRow {
        id: row.get(0)?,
        source: row.get(1)?,
        name: row.get(2)?,
        function: row.get(3)?,
        state: row.get(4)?,
        attempts: row.get(5)?,
        interruptions: row.get(6)?,
        version: row.get(7)?,
        accepted: row.get(8)?,
        due: row.get(9)?,
        started: row.get(10)?,
        finished: row.get(11)?,
        error: row.get(12)?,
        request_id: row.get(13)?,
    })
}

/// An attempt that may begin: it is on the disk that it does.
#[derive(Debug)]
pub(crate) struct Claimed {
    pub(crate) row: InvocationRow,
    pub(crate) request: StoredMessage,
}

/// Begins attempts. Those that were cancelled meanwhile are left out.
pub(crate) fn claim(
    connection: &Connection,
    ids: &[QueuedId],
    now: Time,
) -> rusqlite::Result<Vec<Claimed>> {
    let mut claimed = Vec::with_capacity(ids.len());
    for id in ids {
        let begun = connection
            .prepare_cached(&format!(
                "UPDATE invocations SET state = 'running', attempts = attempts + 1, started = ?2, due = NULL
                 WHERE id = ?1 AND state IN ('queued', 'waiting') RETURNING {COLUMNS}"
            ))?
            .query_row((id, now), row)
            .optional()?;
        let Some(row) = begun else { continue };
        let Some(request) = request(connection, *id)? else {
            continue;
        };
        claimed.push(Claimed { row, request });
    }
    Ok(claimed)
}

fn request(connection: &Connection, id: QueuedId) -> rusqlite::Result<Option<StoredMessage>> {
    connection
        .prepare_cached("SELECT head, body FROM invocation_requests WHERE id = ?1")?
        .query_row([id], message)
        .optional()
}

fn message(row: &Row<'_>) -> rusqlite::Result<StoredMessage> {
    Ok(StoredMessage {
        head: row.get(0)?,
        body: row.get::<_, Vec<u8>>(1)?.into(),
    })
}

/// How an attempt ended.
#[derive(Debug, Clone)]
pub(crate) struct Conclusion {
    pub(crate) state: InvocationState,
    pub(crate) version: Option<i64>,
    /// For a retry.
    pub(crate) due: Option<Time>,
    pub(crate) finished: Option<Time>,
    pub(crate) expires: Option<Time>,
    pub(crate) error: Option<String>,
    pub(crate) result: Option<StoredMessage>,
}

/// Ends an attempt, unless the invocation was cancelled.
pub(crate) fn conclude(
    connection: &Connection,
    id: QueuedId,
    ended: &Conclusion,
) -> rusqlite::Result<()> {
    let changed = connection
        .prepare_cached(
            "UPDATE invocations SET state = :state, version = :version, due = :due, finished = :finished,
                 expires = :expires, error = :error
             WHERE id = :id AND state = 'running'",
        )?
        .execute(named_params! {
            ":id": id,
            ":state": ended.state,
            ":version": ended.version,
            ":due": ended.due,
            ":finished": ended.finished,
            ":expires": ended.expires,
            ":error": ended.error,
        })?;
    if changed == 0 {
        return Ok(());
    }
    if let Some(result) = &ended.result {
        connection
            .prepare_cached(
                "INSERT OR REPLACE INTO invocation_results (id, head, body) VALUES (?1, ?2, ?3)",
            )?
            .execute((id, &result.head, &*result.body))?;
    }
    if ended.state == InvocationState::Succeeded {
        delete_request(connection, id)?;
    }
    Ok(())
}

fn delete_request(connection: &Connection, id: QueuedId) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM invocation_requests WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

/// Cancels an invocation that has not ended; returns its function, or `None` if it had.
pub(crate) fn cancel(
    connection: &Connection,
    id: QueuedId,
    now: Time,
    expiry: &Expiry,
) -> rusqlite::Result<Option<String>> {
    let cancelled: Option<(String, String)> = connection
        .query_row(
            "UPDATE invocations SET state = 'cancelled', finished = ?2, due = NULL
             WHERE id = ?1 AND finished IS NULL RETURNING function, source",
            (id, now),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let Some((function, source)) = cancelled else {
        return Ok(None);
    };
    connection.execute(
        "UPDATE invocations SET expires = ?2 WHERE id = ?1",
        (id, expiry.of(&source)),
    )?;
    delete_request(connection, id)?;
    Ok(Some(function))
}

/// Queues an invocation again that failed; returns whether it had.
pub(crate) fn retry(connection: &Connection, id: QueuedId) -> rusqlite::Result<bool> {
    let changed = connection.execute(
        "UPDATE invocations SET state = 'queued', attempts = 0, interruptions = 0, due = NULL,
             started = NULL, finished = NULL, expires = NULL, error = NULL
         WHERE id = ?1 AND state = 'failed'",
        [id],
    )?;
    if changed > 0 {
        connection.execute("DELETE FROM invocation_results WHERE id = ?1", [id])?;
    }
    Ok(changed > 0)
}

pub(crate) fn get(
    connection: &Connection,
    id: QueuedId,
) -> rusqlite::Result<Option<InvocationRow>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM invocations WHERE id = ?1"))?
        .query_row([id], row)
        .optional()
}

pub(crate) fn find(
    connection: &Connection,
    source: &str,
    name: &str,
) -> rusqlite::Result<Option<InvocationRow>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM invocations WHERE source = ?1 AND name = ?2 AND name IS NOT NULL"
        ))?
        .query_row((source, name), row)
        .optional()
}

pub(crate) fn result(
    connection: &Connection,
    id: QueuedId,
) -> rusqlite::Result<Option<StoredMessage>> {
    connection
        .prepare_cached("SELECT head, body FROM invocation_results WHERE id = ?1")?
        .query_row([id], message)
        .optional()
}

#[cfg(test)]
mod tests;
