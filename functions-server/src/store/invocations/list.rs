//! Lists of invocations.

use rusqlite::Connection;

use super::{COLUMNS, InvocationRow, InvocationState, QueuedId, row};

/// Selects the invocations of a list.
#[derive(Debug, Clone, Default)]
pub(crate) struct InvocationFilter {
    pub(crate) function: Option<String>,
    /// Only those of these functions: an id is all that somebody needs to see an invocation's result.
    pub(crate) functions: Option<Vec<String>>,
    pub(crate) state: Option<InvocationState>,
    /// Only those that are older than this one.
    pub(crate) after: Option<QueuedId>,
}

/// Invocations, the latest first.
pub(crate) fn list(
    connection: &Connection,
    wanted: &InvocationFilter,
    limit: i64,
) -> rusqlite::Result<Vec<InvocationRow>> {
    let mut conditions = vec!["id < ?1"];
    if wanted.function.is_some() {
        conditions.push("function = ?2");
    }
    let functions = wanted.functions.as_ref();
    let functions = functions.map(|names| serde_json::Value::from(names.clone()).to_string());
    if functions.is_some() {
        conditions.push("function IN (SELECT value FROM json_each(?4))");
    }
    conditions.push(match wanted.state {
        None => "TRUE",
        // In literal text, so that the indexes of these states are used.
        Some(InvocationState::Queued) => "state = 'queued' AND finished IS NULL",
        Some(InvocationState::Running) => "state = 'running' AND finished IS NULL",
        Some(InvocationState::Waiting) => "state = 'waiting' AND finished IS NULL",
        Some(InvocationState::Failed) => "state = 'failed'",
        Some(InvocationState::Succeeded) => "state = 'succeeded'",
        Some(InvocationState::Cancelled) => "state = 'cancelled'",
    });
    let after = wanted.after.unwrap_or(QueuedId::MAX);
    let function = wanted.function.as_deref().unwrap_or_default();
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM invocations WHERE {} AND ?2 = ?2 AND ?4 IS ?4
             ORDER BY id DESC LIMIT ?3",
            conditions.join(" AND ")
        ))?
        .query_map((after, function, limit, functions), row)?
        .collect()
}
