//! The rows of Dispatch's calls.

mod attempt;
mod end;
mod finish;
mod list;
mod poll;
mod to_run;
mod waiting;

use rusqlite::{Connection, named_params, params};

pub(crate) use attempt::{AttemptRow, attempts};
pub(crate) use end::{End, end_tree, retry};
pub(crate) use finish::{After, Attempt, Ending, Wait, finish};
pub(crate) use list::{CallView, children, id_of, latest, list, view};
pub(crate) use poll::Poll;
pub(crate) use to_run::{RunRow, to_run};
pub(crate) use waiting::{Unfinished, Waiting, unfinished_after, waiting};

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
    pub(crate) endpoint: String,
    pub(crate) function: String,
    pub(crate) version: String,
    pub(crate) input: Option<Vec<u8>>,
    pub(crate) expires: Time,
    /// The functions of this host that it and those below it may call, as a JSON array; `None`: all.
    pub(crate) functions: Option<String>,
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
        "INSERT INTO calls (id, parent, root, correlation, endpoint, function, version, input, state, round,
             parent_round, failures, due, attempts, delivered, created, expires, allowance, functions)
         VALUES (:id, :parent, :root, :correlation, :endpoint, :function, :version, :input, 0, 0,
             :parent_round, 0, :created, 0, 0, :created, :expires, :allowance, :functions)",
    )?;
    let mut numbers = Vec::with_capacity(calls.len());
    for call in calls {
        insert.execute(named_params! {
            ":id": call.id,
            ":parent": parent.map(|parent| parent.number),
            ":root": parent.map(|parent| parent.root),
            ":correlation": call.correlation.cast_signed(),
            ":endpoint": call.endpoint,
            ":function": call.function,
            ":version": call.version,
            ":input": call.input,
            ":parent_round": parent.map_or(0, |parent| parent.round),
            ":created": now,
            ":expires": call.expires,
            ":allowance": call.expires.0.saturating_sub(now.0).max(0),
            ":functions": call.functions,
        })?;
        numbers.push(connection.last_insert_rowid());
    }
    Ok(numbers)
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
