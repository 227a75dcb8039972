//! Ends calls from outside: by a request, or because their time is over.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::attempt::{AttemptRow, is_recorded, record};
use super::waiting::{UNFINISHED, unfinished};
use super::{CANCELLED, UnfinishedCall};
use crate::store::Time;

/// Says when the attempt of a call in flight began, if there is one.
pub(crate) type AttemptStarts<'a> = &'a dyn Fn(i64) -> Option<Time>;

/// How a call ends. Those below it are cancelled.
#[derive(Debug, Clone)]
pub(crate) struct End {
    pub(crate) state: i64,
    /// The status of the attempts in flight.
    pub(crate) status: i32,
    pub(crate) error: &'static str,
    pub(crate) result: Vec<u8>,
    pub(crate) now: Time,
}

/// Ends a call that has not ended, and all calls below it, with their attempts in flight. Returns those that
/// this ended, the call itself first; none if it had ended.
pub(crate) fn end_tree(
    connection: &Connection,
    number: i64,
    end: &End,
    in_flight: AttemptStarts<'_>,
) -> rusqlite::Result<Vec<i64>> {
    if !end_one(connection, number, end.state, end, in_flight)? {
        return Ok(Vec::new());
    }
    let mut ended = vec![number];
    let mut at = 0;
    while let Some(parent) = ended.get(at).copied() {
        at += 1;
        for child in unfinished_children(connection, parent)? {
            end_one(connection, child, CANCELLED, end, in_flight)?;
            ended.push(child);
        }
    }
    Ok(ended)
}

/// The calls of a call that have not ended.
pub(super) fn unfinished_children(
    connection: &Connection,
    call: i64,
) -> rusqlite::Result<Vec<i64>> {
    connection
        .prepare_cached("SELECT number FROM calls WHERE parent = ?1 AND state < 2")?
        .query_map([call], |row| row.get(0))?
        .collect()
}

fn end_one(
    connection: &Connection,
    call: i64,
    state: i64,
    end: &End,
    in_flight: AttemptStarts<'_>,
) -> rusqlite::Result<bool> {
    let found: Option<(i64, Time)> = connection
        .prepare_cached(
            "UPDATE calls SET state = ?2, error = ?3, result = ?4, finished = ?5, poll = NULL
             WHERE number = ?1 AND state < 2 RETURNING attempts, expires",
        )?
        .query_row(
            params![call, state, end.error, end.result, end.now],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let Some((attempts, expires)) = found else {
        return Ok(false);
    };
    // A run that begins after the call has expired sends nothing.
    let started = in_flight(call).filter(|started| *started < expires);
    if let Some(started) = started
        && !is_recorded(connection, call, attempts, started)?
    {
        let attempt = AttemptRow {
            started,
            finished: end.now,
            status: end.status,
            error: Some(end.error.to_owned()),
        };
        record(connection, call, attempts + 1, &attempt)?;
        connection
            .prepare_cached("UPDATE calls SET attempts = attempts + 1 WHERE number = ?1")?
            .execute([call])?;
    }
    Ok(true)
}

/// Makes a call that failed or was cancelled run once more, from its start, for as long as it was given at first.
pub(crate) fn retry(
    connection: &Connection,
    number: i64,
    now: Time,
) -> rusqlite::Result<Option<UnfinishedCall>> {
    let allowance: Option<i64> = connection
        .prepare_cached("SELECT allowance FROM calls WHERE number = ?1 AND state IN (3, 4)")?
        .query_row([number], |row| row.get(0))
        .optional()?;
    let Some(allowance) = allowance else {
        return Ok(None);
    };
    connection
        .prepare_cached(&format!(
            "UPDATE calls SET state = 0, round = round + 1, poll = NULL, wake = NULL, failures = 0, repeats = 0,
                 restarts = 0,
                 due = ?2, result = NULL, error = NULL, finished = NULL, expires = ?3
             WHERE number = ?1 RETURNING {UNFINISHED}"
        ))?
        .query_row(
            params![number, now, now.after_milliseconds(allowance)],
            unfinished,
        )
        .optional()
}
