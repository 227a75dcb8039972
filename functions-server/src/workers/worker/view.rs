//! Where a worker stands, for its clients.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Stop, Worker, WorkerPhase};
use crate::store::workers::{StoredState, WorkerRow};
use crate::workers::instance::OwnedResource;

/// Where a worker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Status {
    Running,
    Idle,
    Suspended,
    Interrupted,
    Retrying,
    Failed,
    Exited,
}

/// An update of a worker to another version of its component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct WorkerUpdate {
    pub(crate) state: UpdateState,
    /// In milliseconds since 1970.
    pub(crate) at: i64,
    pub(crate) target: u64,
    pub(crate) details: Option<String>,
}

/// The outcome of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum UpdateState {
    Pending,
    Successful,
    Failed,
}

/// A worker, as it is listed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WorkerView {
    pub(crate) id: i64,
    pub(crate) component: String,
    pub(crate) name: String,
    pub(crate) args: Vec<String>,
    /// Its own variables, without the component's.
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) status: Status,
    pub(crate) version: u64,
    pub(crate) retries: u32,
    pub(crate) pending: usize,
    pub(crate) updates: Vec<WorkerUpdate>,
    /// In milliseconds since 1970.
    pub(crate) created: i64,
    pub(crate) error: Option<String>,
    /// What its memories have together, in bytes.
    pub(crate) memory: u64,
    pub(crate) resources: BTreeMap<u64, OwnedResource>,
}

impl WorkerView {
    /// A worker that nobody has asked for since the start.
    pub(crate) fn of_row(row: &WorkerRow) -> Self {
        Self {
            id: row.id,
            component: row.component.clone(),
            name: row.name.clone(),
            args: serde_json::from_str(&row.args).unwrap_or_default(),
            env: serde_json::from_str(&row.env).unwrap_or_default(),
            status: match row.state {
                // Something waits that has not begun.
                StoredState::Idle if row.queued > 0 => Status::Running,
                StoredState::Idle => Status::Idle,
                StoredState::Running => Status::Running,
                StoredState::Interrupted => Status::Interrupted,
                StoredState::Failed => Status::Failed,
                StoredState::Exited => Status::Exited,
            },
            version: row.version,
            retries: 0,
            pending: usize::try_from(row.queued).unwrap_or(usize::MAX),
            updates: serde_json::from_str(&row.updates).unwrap_or_default(),
            created: row.created.0,
            error: row.error.clone(),
            memory: row.memory_used,
            resources: serde_json::from_str(&row.resources).unwrap_or_default(),
        }
    }
}

impl Worker {
    /// The worker as it is now.
    pub(crate) fn view(&self) -> WorkerView {
        let shared = self.shared();
        let (status, error) = match &shared.phase {
            // Somebody waits for what has not begun.
            WorkerPhase::Idle if shared.is_cut_off || !shared.queue.is_empty() => {
                (Status::Running, None)
            }
            WorkerPhase::Idle => (Status::Idle, None),
            WorkerPhase::Running if shared.stop == Some(Stop::Interrupt) => {
                (Status::Interrupted, None)
            }
            WorkerPhase::Running => (Status::Running, None),
            WorkerPhase::Retrying => (Status::Retrying, None),
            WorkerPhase::Interrupted => (Status::Interrupted, None),
            WorkerPhase::Suspended(_) if shared.stop == Some(Stop::Interrupt) => {
                (Status::Interrupted, None)
            }
            WorkerPhase::Suspended(_) => (Status::Suspended, None),
            WorkerPhase::Failed(why) => (Status::Failed, Some(why.clone())),
            WorkerPhase::Exited => (Status::Exited, None),
        };
        WorkerView {
            status,
            error,
            version: shared.version,
            retries: shared.retries,
            pending: shared.queue.len(),
            updates: shared.updates.clone(),
            memory: shared.memory,
            resources: shared.resources.clone(),
            ..WorkerView::of_row(&self.row)
        }
    }
}
