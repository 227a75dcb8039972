//! Attempts to run a call, the last of which are kept.

use rusqlite::{Connection, params};

use crate::store::Time;

/// How many attempts of a call are kept.
const MAX_ATTEMPTS: i64 = 100;

/// An attempt.
#[derive(Debug, Clone)]
pub(crate) struct AttemptRow {
    pub(crate) started: Time,
    pub(crate) finished: Time,
    pub(crate) status: i32,
    pub(crate) error: Option<String>,
}

/// Records an attempt, which is the `number`th of its call.
pub(super) fn record(
    connection: &Connection,
    call: i64,
    number: i64,
    attempt: &AttemptRow,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO call_attempts (call, number, started, finished, status, error)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            call,
            number,
            attempt.started,
            attempt.finished,
            attempt.status,
            attempt.error
        ])?;
    if number > MAX_ATTEMPTS {
        connection
            .prepare_cached("DELETE FROM call_attempts WHERE call = ?1 AND number <= ?2")?
            .execute(params![call, number - MAX_ATTEMPTS])?;
    }
    Ok(())
}

/// Whether the attempt that started then is that with this number: it had ended, and somebody has not learned of it.
pub(super) fn is_recorded(
    connection: &Connection,
    call: i64,
    number: i64,
    started: Time,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM call_attempts WHERE call = ?1 AND number = ?2 AND started = ?3)",
        )?
        .query_row(params![call, number, started], |row| row.get(0))
}

/// The attempts of a call, the oldest first.
pub(crate) fn attempts(connection: &Connection, call: i64) -> rusqlite::Result<Vec<AttemptRow>> {
    connection
        .prepare_cached(
            "SELECT started, finished, status, error FROM call_attempts WHERE call = ?1 ORDER BY number",
        )?
        .query_map([call], |row| {
            Ok(AttemptRow {
                started: row.get(0)?,
                finished: row.get(1)?,
                status: row.get(2)?,
                error: row.get(3)?,
            })
        })?
        .collect()
}
