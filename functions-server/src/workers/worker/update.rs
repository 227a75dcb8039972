//! Brings a worker to another version of its component, if that behaves as the journal says.

use std::sync::Arc;

use super::context::Context;
use super::drive::replay;
use super::execution_error::ExecutionError;
use super::live::Live;
use super::task_state::TaskState;
use super::{UpdateState, Worker};
use crate::store::workers;

/// Replays everything on the new version. Where it differs, the worker stays as it is.
pub(super) async fn update(
    context: &Arc<Context>,
    worker: &Arc<Worker>,
    task: &mut TaskState,
    target: u64,
) {
    task.unload().await;
    let loading = async { replay(worker, Live::load(context, worker, target).await?).await };
    let updated = tokio::select! {
        biased;
        // The update stays pending, and begins anew if the worker continues.
        () = worker.stopping() => return,
        updated = loading => updated,
    };
    let (state, details) = match updated {
        Ok(live) => {
            task.journal = Some(live.journal.clone());
            task.live = Some(live);
            (UpdateState::Successful, None)
        }
        Err(error) => (UpdateState::Failed, Some(text(error))),
    };
    let (id, (version, updates)) = (worker.id, worker.updated(target, state, details));
    let write = move |connection: &rusqlite::Connection| {
        workers::set_updates(connection, id, version, &updates)
    };
    if let Err(error) = context.store.write(write).await {
        tracing::warn!(worker = id, %error, "a worker's update cannot be kept");
        task.unload().await;
        worker.give_up(&error.into());
    }
}

fn text(error: ExecutionError) -> String {
    match error {
        ExecutionError::Diverged(diverged) => diverged.to_string(),
        ExecutionError::Creation(why) => why,
        ExecutionError::Suspended(_) => "the component sleeps before it can be called".to_owned(),
        ExecutionError::Unavailable(why) => why.to_string(),
        ExecutionError::Failed(failed) => format!("{:?}", failed.outcome),
    }
}

impl Worker {
    /// Notes the outcome of the updates that were asked for. Returns the version, and all updates as JSON.
    fn updated(&self, target: u64, state: UpdateState, details: Option<String>) -> (u64, String) {
        let mut shared = self.shared();
        if state == UpdateState::Successful {
            shared.version = target;
        }
        for update in &mut shared.updates {
            if update.state == UpdateState::Pending {
                update.state = state;
                update.details.clone_from(&details);
            }
        }
        let updates = serde_json::to_string(&shared.updates).unwrap_or_default();
        (shared.version, updates)
    }
}
