//! What workers have done.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{StoredState, set_state, set_usage, stored};

/// What a worker writes at once.
#[derive(Debug, Default)]
pub(crate) struct Flush {
    pub(crate) worker: i64,
    /// The row's number in the journal.
    pub(crate) seq: u64,
    /// The row. Empty: none.
    pub(crate) data: Vec<u8>,
    /// Whether all rows before are deleted.
    pub(crate) is_first: bool,
    /// Results of invocations: key, number and outcome.
    pub(crate) results: Vec<(String, u64, Vec<u8>)>,
    /// How many of the worker's oldest results are deleted.
    pub(crate) forgotten: u64,
    /// Numbers in the queue that have begun or ended.
    pub(crate) taken: Vec<u64>,
    pub(crate) state: Option<(StoredState, Option<String>)>,
    /// What the worker has: its resources as JSON, and the length of its memories.
    pub(crate) usage: Option<(String, u64)>,
}

impl Flush {
    /// Whether there is nothing to write.
    pub(crate) fn is_empty(&self) -> bool {
        self.data.is_empty()
            && self.results.is_empty()
            && self.taken.is_empty()
            && self.state.is_none()
            && self.usage.is_none()
    }
}

/// Writes it. Fails if the worker was deleted, or an earlier row of it was not written.
pub(crate) fn append(connection: &Connection, flush: &Flush) -> rusqlite::Result<()> {
    let worker = flush.worker;
    if !flush.data.is_empty() {
        let mut insert = connection.prepare_cached(
            "INSERT INTO worker_journal (worker, seq, data) SELECT ?1, ?2, ?3 WHERE ?2 =
                 1 + coalesce((SELECT max(seq) FROM worker_journal WHERE worker = ?1), -1)",
        )?;
        let inserted = insert.execute(params![worker, stored(flush.seq), flush.data])?;
        if inserted == 0 {
            return Err(rusqlite::Error::StatementChangedRows(0));
        }
        if flush.is_first {
            let mut delete = connection
                .prepare_cached("DELETE FROM worker_journal WHERE worker = ?1 AND seq < ?2")?;
            delete.execute(params![worker, stored(flush.seq)])?;
        }
    }
    if !flush.results.is_empty() {
        let mut insert = connection.prepare_cached(
            "INSERT OR IGNORE INTO worker_results (worker, key, number, outcome)
             VALUES (?1, ?2, ?3, ?4)",
        )?;
        for (key, number, outcome) in &flush.results {
            insert.execute(params![worker, key, stored(*number), outcome])?;
        }
    }
    if flush.forgotten > 0 {
        let mut delete = connection.prepare_cached(
            "DELETE FROM worker_results WHERE worker = ?1 AND key IN (
                 SELECT key FROM worker_results WHERE worker = ?1 ORDER BY number LIMIT ?2)",
        )?;
        delete.execute(params![worker, stored(flush.forgotten)])?;
    }
    if !flush.taken.is_empty() {
        let mut delete = connection
            .prepare_cached("DELETE FROM worker_queue WHERE worker = ?1 AND number = ?2")?;
        for number in &flush.taken {
            delete.execute(params![worker, stored(*number)])?;
        }
    }
    if let Some((resources, memory)) = &flush.usage {
        set_usage(connection, worker, resources, *memory)?;
    }
    if let Some((state, error)) = &flush.state {
        set_state(connection, worker, *state, error.as_deref())?;
    }
    Ok(())
}

/// The rows of a journal, in order, without a gap.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// The number of the first one.
    pub(crate) first: u64,
    pub(crate) rows: Vec<Vec<u8>>,
}

/// The rows of a worker's journal.
pub(crate) fn read(connection: &Connection, worker: i64) -> rusqlite::Result<Rows> {
    let mut select = connection
        .prepare_cached("SELECT seq, data FROM worker_journal WHERE worker = ?1 ORDER BY seq")?;
    let mut read = Rows::default();
    let mut rows = select.query([worker])?;
    while let Some(row) = rows.next()? {
        if read.rows.is_empty() {
            read.first = super::number(row.get(0)?);
        }
        read.rows.push(row.get(1)?);
    }
    Ok(read)
}

/// How many results of a worker are kept.
pub(crate) fn count_results(connection: &Connection, worker: i64) -> rusqlite::Result<u64> {
    let mut count =
        connection.prepare_cached("SELECT count(*) FROM worker_results WHERE worker = ?1")?;
    let count = count.query_row([worker], |row| row.get(0))?;
    Ok(super::number(count))
}

/// The outcome of the invocation with this key, if it has ended.
pub(crate) fn result(
    connection: &Connection,
    component: &str,
    name: &str,
    key: &str,
) -> rusqlite::Result<Option<Vec<u8>>> {
    let mut select = connection.prepare_cached(
        "SELECT outcome FROM worker_results WHERE key = ?3
         AND worker = (SELECT id FROM workers WHERE component = ?1 AND name = ?2)",
    )?;
    let outcome = select.query_row(params![component, name, key], |row| row.get(0));
    outcome.optional()
}
