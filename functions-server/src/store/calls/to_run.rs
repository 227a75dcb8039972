//! What a run of a call needs.

use rusqlite::{Connection, ErrorCode, OptionalExtension as _};

use super::{StoredPoll, id_of};
use crate::store::Time;

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
    /// How often it began anew since it last was another call.
    pub(crate) restarts: i64,
    /// How often in a row it went on without anything to wait for.
    pub(crate) repeats: i64,
    pub(crate) created: Time,
    pub(crate) expires: Time,
    /// See [`NewCall::functions`].
    pub(crate) functions: Option<String>,
    /// The results that it has not taken.
    pub(crate) results: Vec<ChildResult>,
    pub(crate) parent_id: Option<String>,
    pub(crate) root_id: Option<String>,
}

/// The outcome of a call.
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
                 functions, repeats, restarts
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
                repeats: row.get(12)?,
                restarts: row.get(13)?,
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
            StoredPoll::decode(poll).max_results,
        )?;
    }
    Ok(Some(row))
}

/// Whether a row cannot be read, now or later: what is in it is not what was written.
pub(crate) fn is_damage(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    // An error without a code is of a value.
    code.is_none_or(|code| code == ErrorCode::DatabaseCorrupt)
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
