//! The rows of workers.

mod delete;
mod journal;
mod queue;
#[cfg(test)]
mod tests;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, named_params, params};

pub(crate) use delete::{clear, delete, deleted};
pub(crate) use journal::{Flush, Rows, append, count_results, read, result};
pub(crate) use queue::{QueueRow, cancel, enqueue, queued};

use super::Time;

/// Where a worker stands, as far as it is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum StoredState {
    #[default]
    Idle,
    /// An invocation has begun, and has to continue.
    Running,
    Interrupted,
    Failed,
    Exited,
}

impl StoredState {
    fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
            Self::Exited => "exited",
        }
    }

    /// Whether the worker takes no further invocations.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Failed | Self::Exited)
    }
}

impl ToSql for StoredState {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.name().to_sql()
    }
}

impl FromSql for StoredState {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_str()? {
            "idle" => Ok(Self::Idle),
            "running" => Ok(Self::Running),
            "interrupted" => Ok(Self::Interrupted),
            "failed" => Ok(Self::Failed),
            "exited" => Ok(Self::Exited),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

/// A worker, without its journal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WorkerRow {
    pub(crate) id: i64,
    pub(crate) component: String,
    pub(crate) name: String,
    pub(crate) version: u64,
    /// JSON.
    pub(crate) args: String,
    pub(crate) env: String,
    pub(crate) memory: u64,
    pub(crate) created: Time,
    pub(crate) state: StoredState,
    pub(crate) error: Option<String>,
    /// JSON.
    pub(crate) updates: String,
    /// JSON.
    pub(crate) resources: String,
    pub(crate) memory_used: u64,
    /// How many invocations wait in its queue. Read only.
    pub(crate) queued: u64,
}

const COLUMNS: &str =
    "id, component, name, version, args, env, memory, created, state, error, updates,
    resources, memory_used, (SELECT count(*) FROM worker_queue WHERE worker = workers.id)";

fn worker(row: &Row<'_>) -> rusqlite::Result<WorkerRow> {
    Ok(WorkerRow {
        id: row.get(0)?,
        component: row.get(1)?,
        name: row.get(2)?,
        version: number(row.get(3)?),
        args: row.get(4)?,
        env: row.get(5)?,
        memory: number(row.get(6)?),
        created: row.get(7)?,
        state: row.get(8)?,
        error: row.get(9)?,
        updates: row.get(10)?,
        resources: row.get(11)?,
        memory_used: number(row.get(12)?),
        queued: number(row.get(13)?),
    })
}

/// SQLite's integers have a sign, ours do not.
fn number(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}

fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Adds a worker, whose id is given. `None`: there is one with this name.
pub(crate) fn create(
    connection: &Connection,
    new: &WorkerRow,
) -> rusqlite::Result<Option<WorkerRow>> {
    let sql = format!(
        "INSERT INTO workers (component, name, version, args, env, memory, created, state)
         VALUES (:component, :name, :version, :args, :env, :memory, :created, :state)
         ON CONFLICT DO NOTHING RETURNING {COLUMNS}"
    );
    let values = named_params! {
        ":component": new.component,
        ":name": new.name,
        ":version": stored(new.version),
        ":args": new.args,
        ":env": new.env,
        ":memory": stored(new.memory),
        ":created": new.created,
        ":state": new.state,
    };
    let mut insert = connection.prepare_cached(&sql)?;
    insert.query_row(values, worker).optional()
}

/// The worker with this name.
pub(crate) fn find(
    connection: &Connection,
    component: &str,
    name: &str,
) -> rusqlite::Result<Option<WorkerRow>> {
    let sql = format!("SELECT {COLUMNS} FROM workers WHERE component = ?1 AND name = ?2");
    let mut select = connection.prepare_cached(&sql)?;
    select
        .query_row(params![component, name], worker)
        .optional()
}

/// The workers of a component after an id, by id.
pub(crate) fn list(
    connection: &Connection,
    component: &str,
    after: i64,
    count: usize,
) -> rusqlite::Result<Vec<WorkerRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM workers WHERE component = ?1 AND id > ?2 ORDER BY id LIMIT ?3"
    );
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let mut select = connection.prepare_cached(&sql)?;
    select
        .query_map(params![component, after, count], worker)?
        .collect()
}

/// The workers that have to continue without being asked: an invocation has begun, or waits, or an update does.
pub(crate) fn unfinished(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let mut select = connection.prepare_cached(
        "SELECT component, name FROM workers WHERE state = 'running' AND component <> ''
         UNION SELECT component, name FROM workers
         WHERE id IN (SELECT worker FROM worker_queue) AND state = 'idle' AND component <> ''
         UNION SELECT component, name FROM workers
         WHERE updates LIKE '%\"state\":\"Pending\"%' AND state = 'idle' AND component <> ''",
    )?;
    select
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Where a worker stands. An error once all of a deleted one is gone.
pub(crate) fn state(connection: &Connection, id: i64) -> rusqlite::Result<StoredState> {
    let mut select = connection.prepare_cached("SELECT state FROM workers WHERE id = ?1")?;
    select.query_row([id], |row| row.get(0))
}

/// Says where a worker stands.
pub(crate) fn set_state(
    connection: &Connection,
    id: i64,
    state: StoredState,
    error: Option<&str>,
) -> rusqlite::Result<()> {
    let mut update =
        connection.prepare_cached("UPDATE workers SET state = ?2, error = ?3 WHERE id = ?1")?;
    update.execute(params![id, state, error])?;
    Ok(())
}

/// Says what a worker has.
pub(crate) fn set_usage(
    connection: &Connection,
    id: i64,
    resources: &str,
    memory_used: u64,
) -> rusqlite::Result<()> {
    let mut update = connection
        .prepare_cached("UPDATE workers SET resources = ?2, memory_used = ?3 WHERE id = ?1")?;
    update.execute(params![id, resources, stored(memory_used)])?;
    Ok(())
}

/// Keeps which updates were asked for and their outcomes, with the version that the worker now has.
pub(crate) fn set_updates(
    connection: &Connection,
    id: i64,
    version: u64,
    updates: &str,
) -> rusqlite::Result<()> {
    let mut update =
        connection.prepare_cached("UPDATE workers SET version = ?2, updates = ?3 WHERE id = ?1")?;
    update.execute(params![id, stored(version), updates])?;
    Ok(())
}
