//! What a scheduler knows of calls that have not ended.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::{READY, SUSPENDED, StoredPoll, lossy};
use crate::store::Time;

/// A call that has not ended, as a scheduler knows it.
#[derive(Debug, Clone)]
pub(crate) struct UnfinishedCall {
    pub(crate) number: i64,
    pub(crate) parent: Option<i64>,
    pub(crate) endpoint: Arc<str>,
    pub(crate) is_suspended: bool,
    pub(crate) due: Time,
    pub(crate) expires: Time,
}

pub(super) const UNFINISHED: &str = "number, parent, endpoint, state, due, expires";

pub(super) fn unfinished(row: &Row<'_>) -> rusqlite::Result<UnfinishedCall> {
    Ok(UnfinishedCall {
        number: row.get(0)?,
        parent: row.get(1)?,
        endpoint: lossy(row, 2)?.into(),
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
) -> rusqlite::Result<Vec<UnfinishedCall>> {
    connection
        .prepare_cached(&format!(
            "SELECT {UNFINISHED} FROM calls INDEXED BY calls_unfinished
             WHERE state < 2 AND number > ?1 ORDER BY number LIMIT ?2"
        ))?
        .query_map([after, limit], unfinished)?
        .collect()
}

/// The condition that a suspended call waits for.
#[derive(Debug, Clone)]
pub(crate) struct WaitCondition {
    /// Its calls that have not ended.
    pub(crate) outstanding: Vec<i64>,
    /// How many results it has not taken.
    pub(crate) ready: usize,
    pub(crate) min_results: usize,
    pub(crate) wake: Option<Time>,
}

/// What a call waits for, if it is suspended.
pub(crate) fn waiting(
    connection: &Connection,
    number: i64,
) -> rusqlite::Result<Option<WaitCondition>> {
    let row: Option<(i64, Option<Vec<u8>>, Option<Time>)> = connection
        .prepare_cached("SELECT round, poll, wake FROM calls WHERE number = ?1 AND state = 1")?
        .query_row([number], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((round, poll, wake)) = row else {
        return Ok(None);
    };
    let mut waiting = WaitCondition {
        outstanding: Vec::new(),
        ready: 0,
        min_results: StoredPoll::decode(&poll.unwrap_or_default()).min_results,
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
