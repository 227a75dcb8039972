//! Shortens a long journal, if the component saves what it is.
//!
//! The component saves itself, a new instance loads that, and both go into the journal as one row that takes the place of
//! all others. If anything fails before that is on the disk, the journal is as it was, and the worker is loaded from it.

use std::sync::Arc;
use std::time::Duration;

use super::Worker;
use super::context::Context;
use super::instantiate::instantiate;
use super::live::Live;
use super::task_state::TaskState;
use crate::workers::journal::JournalEntry;
use crate::workers::runtime::timed;

/// How long it may take. The CPU time has the limit of an invocation.
const MAX_TIME: Duration = Duration::from_secs(60);

/// Shortens the journal, if that is due. Between two invocations.
pub(super) async fn shorten(context: &Arc<Context>, worker: &Arc<Worker>, task: &mut TaskState) {
    let is_due = |live: &Live| live.journal.is_long() && live.instance.is_at_rest();
    if !task.live.as_ref().is_some_and(is_due) || worker.keeps_journal() {
        return;
    }
    let replaced = tokio::time::timeout(MAX_TIME, replace(context, worker, task)).await;
    let why = match replaced {
        Ok(Ok(())) => {
            worker.has_room();
            return;
        }
        Ok(Err(why)) => why,
        Err(_) => format!("it took longer than {MAX_TIME:?}"),
    };
    tracing::warn!(
        worker = %format_args!("{}/{}", worker.component, worker.name),
        "a worker's journal is not shortened: {why}"
    );
    worker.keep_journal();
    task.unload().await;
}

async fn replace(
    context: &Arc<Context>,
    worker: &Arc<Worker>,
    task: &mut TaskState,
) -> Result<(), String> {
    let mut old = task.live.take().ok_or("it is not loaded")?;
    let flush = old.journal.flush();
    let written = old.journal.written(flush).await;
    written.map_err(|error| error.to_string())?;
    // What the component asks for from here on is not a part of its past.
    old.journal.close();
    let saved = timed(&old.instance.budget(), old.instance.save()).await;
    let snapshot =
        saved.map_err(|error| format!("the component does not save itself: {error:#}"))?;
    let longest = old.journal.longest_snapshot();
    if snapshot.state.len() as u64 > longest {
        return Err(format!(
            "the component saves {} bytes, and {longest} are allowed: raise --worker-journal",
            snapshot.state.len()
        ));
    }
    let journal = old.journal.successor();
    let code = old.code.clone();
    drop(old);
    let made = instantiate(context, worker, &code, &journal).await;
    let mut instance = made.map_err(|error| format!("{error:?}"))?;
    let full = |error: crate::workers::journal::JournalTooLong| error.to_string();
    journal
        .add(&JournalEntry::Snapshot(snapshot.clone()))
        .map_err(full)?;
    let loaded = timed(&instance.budget(), instance.load(&snapshot)).await;
    loaded.map_err(|error| format!("the component does not load what it saved: {error:#}"))?;
    journal.add(&JournalEntry::Loaded).map_err(full)?;
    worker.set_usage(&instance);
    let (resources, memory) = worker.usage();
    journal.set_usage(resources, memory);
    // From here on, unloading the worker waits for the write.
    task.journal = Some(journal.clone());
    let written = journal.written(journal.replace()).await;
    written.map_err(|error| error.to_string())?;
    task.live = Some(Live {
        instance,
        code,
        journal,
    });
    Ok(())
}
