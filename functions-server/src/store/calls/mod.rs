//! The rows of Dispatch's calls.

mod attempt;
mod end;
mod finish;
mod list;
mod poll;
mod to_run;
mod waiting;

use std::sync::Arc;

use rusqlite::{Connection, Row, params};

pub(crate) use attempt::{AttemptRow, attempts};
pub(crate) use end::{End, end_tree, retry};
pub(crate) use finish::{After, Ending, FinishedAttempt, Wait, finish};
pub(crate) use list::{CallView, children, id_of, latest, list, view};
pub(crate) use poll::StoredPoll;
pub(crate) use to_run::{RunRow, is_damage, to_run};
pub(crate) use waiting::{UnfinishedCall, WaitCondition, unfinished_after, waiting};

use super::Time;

/// To be run.
pub(crate) const READY: i64 = 0;
/// Waits for calls of its own.
pub(crate) const SUSPENDED: i64 = 1;
/// Ended with a result.
pub(crate) const SUCCEEDED: i64 = 2;
/// Ended with an error.
pub(crate) const FAILED: i64 = 3;
/// Ended by a request.
pub(crate) const CANCELLED: i64 = 4;

/// A call to be added.
#[derive(Debug, Clone)]
pub(crate) struct NewCall {
    pub(crate) id: String,
    pub(crate) correlation: u64,
    pub(crate) endpoint: Arc<str>,
    pub(crate) function: String,
    pub(crate) version: String,
    pub(crate) input: Option<Vec<u8>>,
    pub(crate) expires: Time,
    /// The functions of this host that it and those below it may call, as a JSON array; `None`: all.
    pub(crate) functions: Option<Arc<str>>,
}

/// The call that makes others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parent {
    pub(crate) number: i64,
    pub(crate) root: i64,
    pub(crate) round: i64,
}

/// Adds calls, and returns their numbers.
pub(crate) fn add(
    connection: &Connection,
    calls: &[NewCall],
    parent: Option<Parent>,
    now: Time,
) -> rusqlite::Result<Vec<i64>> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO calls (parent, root, parent_round, created, due, id, correlation, endpoint, function, version,
             input, expires, allowance, functions, state, round, failures, attempts, delivered)
         VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 0, 0, 0, 0, 0)",
    )?;
    // What all calls share is bound once, and stays.
    insert.raw_bind_parameter(1, parent.map(|parent| parent.number))?;
    insert.raw_bind_parameter(2, parent.map(|parent| parent.root))?;
    insert.raw_bind_parameter(3, parent.map_or(0, |parent| parent.round))?;
    insert.raw_bind_parameter(4, now)?;
    let mut numbers = Vec::with_capacity(calls.len());
    for call in calls {
        insert.raw_bind_parameter(5, &call.id)?;
        insert.raw_bind_parameter(6, call.correlation.cast_signed())?;
        insert.raw_bind_parameter(7, &*call.endpoint)?;
        insert.raw_bind_parameter(8, &call.function)?;
        insert.raw_bind_parameter(9, &call.version)?;
        insert.raw_bind_parameter(10, &call.input)?;
        insert.raw_bind_parameter(11, call.expires)?;
        insert.raw_bind_parameter(12, call.expires.0.saturating_sub(now.0).max(0))?;
        insert.raw_bind_parameter(13, call.functions.as_deref())?;
        insert.raw_execute()?;
        numbers.push(connection.last_insert_rowid());
    }
    Ok(numbers)
}

/// A text of a row that is only shown or compared. A damaged text does not keep other rows from being shown.
fn lossy(row: &Row<'_>, column: usize) -> rusqlite::Result<String> {
    let text = row.get_ref(column)?.as_bytes()?;
    Ok(String::from_utf8_lossy(text).into_owned())
}

/// Deletes trees whose root ended before `before`; returns whether there may be more.
pub(crate) fn purge(connection: &Connection, before: Time) -> rusqlite::Result<bool> {
    const AT_ONCE: i64 = 100;
    let roots: Vec<i64> = connection
        .prepare_cached(
            "SELECT number FROM calls AS tree WHERE root IS NULL AND finished < ?1
             AND NOT EXISTS (SELECT 1 FROM calls WHERE root = tree.number AND state < 2) LIMIT ?2",
        )?
        .query_map(params![before, AT_ONCE], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for root in &roots {
        connection.execute(
            "DELETE FROM call_attempts WHERE call IN (SELECT number FROM calls WHERE root = ?1 OR number = ?1)",
            [root],
        )?;
        connection.execute("DELETE FROM calls WHERE root = ?1", [root])?;
        connection.execute("DELETE FROM calls WHERE number = ?1", [root])?;
    }
    Ok(!roots.is_empty())
}
