//! Calls as the status routes show them.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::lossy;
use crate::store::Time;

/// A call, as it is shown.
#[derive(Debug, Clone)]
pub(crate) struct CallView {
    pub(crate) number: i64,
    pub(crate) id: String,
    pub(crate) parent: Option<i64>,
    pub(crate) root: Option<i64>,
    pub(crate) endpoint: String,
    pub(crate) function: String,
    pub(crate) state: i64,
    pub(crate) failures: i64,
    pub(crate) created: Time,
    pub(crate) expires: Time,
    pub(crate) finished: Option<Time>,
    pub(crate) error: Option<String>,
    pub(crate) attempts: i64,
}

const COLUMNS: &str = "number, id, parent, root, endpoint, function, state, failures, created, expires, \
                       finished, error, attempts";

fn call(row: &Row<'_>) -> rusqlite::Result<CallView> {
    Ok(CallView {
        number: row.get(0)?,
        id: lossy(row, 1)?,
        parent: row.get(2)?,
        root: row.get(3)?,
        endpoint: lossy(row, 4)?,
        function: lossy(row, 5)?,
        state: row.get(6)?,
        failures: row.get(7)?,
        created: row.get(8)?,
        expires: row.get(9)?,
        finished: row.get(10)?,
        error: match row.get_ref(11)? {
            ValueRef::Null => None,
            _ => Some(lossy(row, 11)?),
        },
        attempts: row.get(12)?,
    })
}

/// Calls after the one with the number `after`, of any state in `states` (inclusive bounds), and of one
/// tree if `root` says so.
pub(crate) fn list(
    connection: &Connection,
    states: (i64, i64),
    root: Option<i64>,
    after: i64,
    limit: i64,
) -> rusqlite::Result<Vec<CallView>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM calls WHERE number > ?1 AND state BETWEEN ?2 AND ?3
             AND (?4 IS NULL OR root = ?4 OR number = ?4) ORDER BY number LIMIT ?5"
        ))?
        .query_map(params![after, states.0, states.1, root, limit], call)?
        .collect()
}

/// Calls of any state in `states` (inclusive bounds), the latest first, with the start of their last attempt:
/// those before the id `before`, and of one function if `function` says so.
pub(crate) fn latest(
    connection: &Connection,
    states: (i64, i64),
    function: Option<&str>,
    before: &str,
    limit: i64,
) -> rusqlite::Result<Vec<(CallView, Option<Time>)>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS}, (SELECT max(started) FROM call_attempts WHERE call = calls.number)
             FROM calls WHERE id < ?1 AND state BETWEEN ?2 AND ?3 AND (?4 IS NULL OR function = ?4)
             ORDER BY id DESC LIMIT ?5"
        ))?
        .query_map(
            params![before, states.0, states.1, function, limit],
            |row| Ok((call(row)?, row.get(13)?)),
        )?
        .collect()
}

/// A call by its id.
pub(crate) fn view(connection: &Connection, id: &str) -> rusqlite::Result<Option<CallView>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM calls WHERE id = ?1"))?
        .query_row([id], call)
        .optional()
}

/// The id of a call.
pub(crate) fn id_of(connection: &Connection, number: i64) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached("SELECT id FROM calls WHERE number = ?1")?
        .query_row([number], |row| lossy(row, 0))
        .optional()
}

/// How many calls of a call are shown.
const MAX_CHILDREN: i64 = 1000;

/// The ids of the calls that a call has made.
pub(crate) fn children(connection: &Connection, call: i64) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare_cached("SELECT id FROM calls WHERE parent = ?1 ORDER BY number LIMIT ?2")?
        .query_map([call, MAX_CHILDREN], |row| lossy(row, 0))?
        .collect()
}
