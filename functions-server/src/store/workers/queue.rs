//! Accepted asynchronous invocations.

use rusqlite::{Connection, params};

use super::{number, stored};

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct QueueRow {
    pub(crate) number: u64,
    pub(crate) key: String,
    pub(crate) function: String,
    /// A JSON array.
    pub(crate) params: String,
}

/// Accepts an invocation. Fails if the worker was deleted.
pub(crate) fn enqueue(
    connection: &Connection,
    worker: i64,
    row: &QueueRow,
) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO worker_queue (worker, number, key, function, params) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let values = params![
        worker,
        stored(row.number),
        row.key,
        row.function,
        row.params
    ];
    insert.execute(values)?;
    Ok(())
}

/// The invocations of a worker that wait, in order.
pub(crate) fn queued(connection: &Connection, worker: i64) -> rusqlite::Result<Vec<QueueRow>> {
    let mut select = connection.prepare_cached(
        "SELECT number, key, function, params FROM worker_queue WHERE worker = ?1 ORDER BY number",
    )?;
    let row = |row: &rusqlite::Row<'_>| {
        Ok(QueueRow {
            number: number(row.get(0)?),
            key: row.get(1)?,
            function: row.get(2)?,
            params: row.get(3)?,
        })
    };
    select.query_map([worker], row)?.collect()
}

/// Takes an invocation out of the queue.
pub(crate) fn cancel(connection: &Connection, worker: i64, number: u64) -> rusqlite::Result<()> {
    let mut delete =
        connection.prepare_cached("DELETE FROM worker_queue WHERE worker = ?1 AND number = ?2")?;
    delete.execute(params![worker, stored(number)])?;
    Ok(())
}
