//! The rows of Dispatch's calls.

mod finish;
mod list;

use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};

pub(crate) use finish::{After, Attempt, Ending, Poll, finish};
pub(crate) use list::{AttemptRow, CallView, attempts, children, id_of, latest, list, view};

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
             parent_round, failures, due, attempts, delivered, created, expires, functions)
         VALUES (:id, :parent, :root, :correlation, :endpoint, :function, :version, :input, 0, 0,
             :parent_round, 0, :created, 0, 0, :created, :expires, :functions)",
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
            ":functions": call.functions,
        })?;
        numbers.push(connection.last_insert_rowid());
    }
    Ok(numbers)
}

/// What a scheduler knows of a call that has not ended.
#[derive(Debug, Clone)]
pub(crate) struct Unfinished {
    pub(crate) number: i64,
    pub(crate) parent: Option<i64>,
    pub(crate) endpoint: String,
    pub(crate) is_suspended: bool,
    pub(crate) due: Time,
    pub(crate) expires: Time,
}

const UNFINISHED: &str = "number, parent, endpoint, state, due, expires";

fn unfinished(row: &Row<'_>) -> rusqlite::Result<Unfinished> {
    Ok(Unfinished {
        number: row.get(0)?,
        parent: row.get(1)?,
        endpoint: row.get(2)?,
        is_suspended: row.get::<_, i64>(3)? == SUSPENDED,
        due: row.get(4)?,
        expires: row.get(5)?,
    })
}

/// The calls that have not ended, from the one after `after` on.
pub(crate) fn unfinished_after(
    connection: &Connection,
    after: i64,
    limit: i64,
) -> rusqlite::Result<Vec<Unfinished>> {
    connection
        .prepare_cached(&format!(
            "SELECT {UNFINISHED} FROM calls INDEXED BY calls_unfinished
             WHERE state < 2 AND number > ?1 ORDER BY number LIMIT ?2"
        ))?
        .query_map([after, limit], unfinished)?
        .collect()
}

/// What a suspended call waits for.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    /// Its calls that have not ended.
    pub(crate) outstanding: Vec<i64>,
    /// How many results it has not taken.
    pub(crate) ready: usize,
    pub(crate) min_results: usize,
    pub(crate) wake: Option<Time>,
}

/// What a call waits for, if it is suspended.
pub(crate) fn waiting(connection: &Connection, number: i64) -> rusqlite::Result<Option<Waiting>> {
    let row: Option<(i64, Option<Vec<u8>>, Option<Time>)> = connection
        .prepare_cached("SELECT round, poll, wake FROM calls WHERE number = ?1 AND state = 1")?
        .query_row([number], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((round, poll, wake)) = row else {
        return Ok(None);
    };
    let mut waiting = Waiting {
        outstanding: Vec::new(),
        ready: 0,
        min_results: Poll::decode(&poll.unwrap_or_default()).min_results,
        wake,
    };
    let mut children = connection.prepare_cached(
        "SELECT number, state FROM calls WHERE parent = ?1 AND parent_round = ?2 AND delivered = 0",
    )?;
    let mut rows = children.query([number, round])?;
    while let Some(row) = rows.next()? {
        match row.get::<_, i64>(1)? {
            READY | SUSPENDED => waiting.outstanding.push(row.get(0)?),
            _ => waiting.ready += 1,
        }
    }
    Ok(Some(waiting))
}

/// What a run of a call needs.
#[derive(Debug, Clone)]
pub(crate) struct RunRow {
    pub(crate) id: String,
    pub(crate) parent: Option<i64>,
    pub(crate) root: Option<i64>,
    pub(crate) endpoint: String,
    pub(crate) function: String,
    pub(crate) input: Option<Vec<u8>>,
    pub(crate) round: i64,
    pub(crate) poll: Option<Vec<u8>>,
    pub(crate) failures: i64,
    pub(crate) created: Time,
    pub(crate) expires: Time,
    /// See [`NewCall::functions`].
    pub(crate) functions: Option<String>,
    /// The results that it has not taken.
    pub(crate) results: Vec<ChildResult>,
    pub(crate) parent_id: Option<String>,
    pub(crate) root_id: Option<String>,
}

/// What came of a call.
#[derive(Debug, Clone)]
pub(crate) struct ChildResult {
    pub(crate) number: i64,
    pub(crate) id: String,
    pub(crate) correlation: u64,
    pub(crate) result: Vec<u8>,
}

/// Reads what a run of a call needs, unless it has ended.
pub(crate) fn to_run(connection: &Connection, number: i64) -> rusqlite::Result<Option<RunRow>> {
    let row = connection
        .prepare_cached(
            "SELECT id, parent, root, endpoint, function, input, round, poll, failures, created, expires,
                 functions
             FROM calls WHERE number = ?1 AND state < 2",
        )?
        .query_row([number], |row| {
            Ok(RunRow {
                id: row.get(0)?,
                parent: row.get(1)?,
                root: row.get(2)?,
                endpoint: row.get(3)?,
                function: row.get(4)?,
                input: row.get(5)?,
                round: row.get(6)?,
                poll: row.get(7)?,
                failures: row.get(8)?,
                created: row.get(9)?,
                expires: row.get(10)?,
                functions: row.get(11)?,
                results: Vec::new(),
                parent_id: None,
                root_id: None,
            })
        })
        .optional()?;
    let Some(mut row) = row else {
        return Ok(None);
    };
    if let Some(parent) = row.parent {
        row.parent_id = id_of(connection, parent)?;
    }
    if let Some(root) = row.root {
        row.root_id = id_of(connection, root)?;
    }
    if let Some(poll) = &row.poll {
        row.results = results(
            connection,
            number,
            row.round,
            Poll::decode(poll).max_results,
        )?;
    }
    Ok(Some(row))
}

/// The most bytes of results that one run gets: SDKs read requests of up to 16,000,000.
const MAX_RESULT_BYTES: usize = 15_000_000;

/// The results that a call has not taken, at most `limit` and as many as fit into one request.
fn results(
    connection: &Connection,
    parent: i64,
    round: i64,
    limit: usize,
) -> rusqlite::Result<Vec<ChildResult>> {
    let mut select = connection.prepare_cached(
        "SELECT number, id, correlation, result FROM calls
         WHERE parent = ?1 AND parent_round = ?2 AND state > 1 AND delivered = 0
         ORDER BY finished, number LIMIT ?3",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = select.query([parent, round, limit])?;
    let (mut results, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let result: Option<Vec<u8>> = row.get(3)?;
        let result = result.unwrap_or_default();
        bytes += result.len() + 128;
        if bytes > MAX_RESULT_BYTES && !results.is_empty() {
            break;
        }
        results.push(ChildResult {
            number: row.get(0)?,
            id: row.get(1)?,
            correlation: row.get::<_, i64>(2)?.cast_unsigned(),
            result,
        });
    }
    Ok(results)
}

/// Ends a call that has not ended, and all calls below it. Returns those that this ended, the call itself
/// first; none if it had ended.
pub(crate) fn end_tree(
    connection: &Connection,
    number: i64,
    state: i64,
    error: &str,
    result: &[u8],
    now: Time,
) -> rusqlite::Result<Vec<i64>> {
    let end = |number: i64, state: i64, error: &str, result: &[u8]| {
        connection
            .prepare_cached(
                "UPDATE calls SET state = ?2, error = ?3, result = ?4, finished = ?5, poll = NULL
                 WHERE number = ?1 AND state < 2",
            )?
            .execute(params![number, state, error, result, now])
    };
    if end(number, state, error, result)? == 0 {
        return Ok(Vec::new());
    }
    let mut ended = vec![number];
    let mut at = 0;
    while let Some(parent) = ended.get(at).copied() {
        at += 1;
        let children: Vec<i64> = connection
            .prepare_cached("SELECT number FROM calls WHERE parent = ?1 AND state < 2")?
            .query_map([parent], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for child in children {
            end(child, CANCELLED, error, result)?;
            ended.push(child);
        }
    }
    Ok(ended)
}

/// Makes a call that failed or was cancelled run once more, from its start.
pub(crate) fn retry(
    connection: &Connection,
    number: i64,
    now: Time,
) -> rusqlite::Result<Option<Unfinished>> {
    connection
        .prepare_cached(&format!(
            "UPDATE calls SET state = 0, round = round + 1, poll = NULL, wake = NULL, failures = 0, due = ?2,
                 result = NULL, error = NULL, finished = NULL, expires = ?2 + (expires - created)
             WHERE number = ?1 AND state IN (3, 4) RETURNING {UNFINISHED}"
        ))?
        .query_row(params![number, now], unfinished)
        .optional()
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
