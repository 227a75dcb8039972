//! Runs a worker's invocations, and tries again those that trap.

use std::sync::Arc;
use std::time::Duration;

use super::context::Context;
use super::execution_error::{ExecutionError, FailedInvocation};
use super::live::{Live, StartedInvocation};
use super::snapshot::shorten;
use super::task_state::TaskState;
use super::{Answer, Queued, Worker, WorkerPhase, answer_of};
use crate::store::workers::{self, StoredState};
use crate::workers::error::WorkerError;
use crate::workers::journal::{InvocationOutcome, Journal, JournalEntry};

/// How often an invocation runs that traps.
const ATTEMPTS: u32 = 3;

/// How long to wait before the second attempt. Each further wait is three times as long.
const PAUSE: Duration = Duration::from_millis(100);

/// Continues with an invocation that was cut off, if there is one, and then runs the next one.
pub(super) async fn drive(context: &Arc<Context>, worker: &Arc<Worker>, task: &mut TaskState) {
    let mut attempt = 1;
    loop {
        if task
            .journal
            .as_ref()
            .is_some_and(|journal| journal.is_broken())
        {
            task.unload().await;
        }
        let Err(error) = attempt_once(context, worker, task).await else {
            shorten(context, worker, task).await;
            return;
        };
        let waiting = task.queued.as_ref().map(|queued| queued.key.clone());
        match error {
            ExecutionError::Failed(failed) if failed.may_retry && attempt < ATTEMPTS => {
                task.unload().await;
                worker.set_phase(WorkerPhase::Retrying, attempt);
                tokio::time::sleep(PAUSE * 3_u32.pow(attempt - 1)).await;
                worker.set_phase(WorkerPhase::Running, attempt);
                attempt += 1;
            }
            ExecutionError::Failed(failed) => {
                over(worker, task, failed).await;
                return;
            }
            ExecutionError::Diverged(diverged) => {
                // Nothing is added to the journal, so that it can be looked at.
                task.live = None;
                if let Some(journal) = task.journal.take() {
                    journal.close();
                }
                fail(context, worker, diverged.to_string(), None).await;
                return;
            }
            ExecutionError::Creation(why) => {
                task.unload().await;
                let error = WorkerError::CreationFailed(why.clone());
                fail(context, worker, why, waiting.map(|key| (key, error))).await;
                return;
            }
            ExecutionError::Suspended(until) => {
                task.unload().await;
                worker.put_back(task.queued.take());
                worker.suspend(until);
                return;
            }
            ExecutionError::Unavailable(error) => {
                task.unload().await;
                worker.give_up(&error);
                return;
            }
        }
    }
}

/// Loads the worker if it is not, continues with what was cut off, and runs the next one.
async fn attempt_once(
    context: &Arc<Context>,
    worker: &Arc<Worker>,
    task: &mut TaskState,
) -> Result<(), ExecutionError> {
    let mut live = match task.live.take() {
        Some(live) => live,
        None => {
            let live = Live::load(context, worker, worker.version()).await?;
            task.journal = Some(live.journal.clone());
            replay(worker, live).await?
        }
    };
    if task.queued.is_some() {
        invoke(worker, &mut live, &mut task.queued).await?;
    }
    task.live = Some(live);
    Ok(())
}

/// Runs what was recorded, to the end of the last invocation.
pub(super) async fn replay(worker: &Arc<Worker>, mut live: Live) -> Result<Live, ExecutionError> {
    while let Some(mut started) = live.recorded()? {
        started.origin = worker.origin(&started.key);
        let added = live.journal.added();
        if !live.journal.is_replaying() {
            worker.set_running(&started.key);
        }
        let outcome = live.run(&started).await?;
        if live.journal.added() > added {
            ended(worker, &live, &started, outcome);
        }
    }
    worker.set_usage(&live.instance);
    Ok(live)
}

async fn invoke(
    worker: &Arc<Worker>,
    live: &mut Live,
    queued: &mut Option<Queued>,
) -> Result<(), ExecutionError> {
    let Some(Queued {
        number,
        key,
        has_known_key,
        text,
        params,
        call,
        origin,
        room,
    }) = queued.take()
    else {
        return Ok(());
    };
    let checked = match call {
        Some(call) => Ok(call),
        None => live.check(&text, &params).map_err(WorkerError::BadCall),
    };
    match checked.and_then(|call| live.begin(key.clone(), call, origin.clone())) {
        Ok(mut started) => {
            drop(room);
            started.has_known_key = has_known_key;
            number.inspect(|number| live.journal.take(*number));
            worker.set_origin(started.origin.clone());
            let outcome = live.run(&started).await?;
            ended(worker, live, &started, outcome);
        }
        Err(error) => {
            worker.ended(&live.instance);
            // No client waits for an invocation of the stored queue, so its outcome is kept.
            let Some(number) = number else {
                worker.answer(&key, &Err(error));
                return Ok(());
            };
            if let WorkerError::JournalFull(why) = &error {
                // It was acknowledged, so it waits for room.
                let stalled = Queued {
                    number: Some(number),
                    key,
                    has_known_key,
                    text,
                    params,
                    call: None,
                    origin,
                    room,
                };
                worker.stall(stalled, why);
                return Ok(());
            }
            live.journal.take(number);
            let outcome = InvocationOutcome::Refused(error.to_string());
            live.journal.add_result(key.clone(), &outcome);
            answer_when_written(worker, &live.journal, key, Err(error));
        }
    }
    Ok(())
}

/// Writes the end of an invocation, and answers once it is on the disk. The next one may begin before.
fn ended(
    worker: &Arc<Worker>,
    live: &Live,
    started: &StartedInvocation,
    outcome: InvocationOutcome,
) {
    if worker.ended(&live.instance) {
        let (resources, memory) = worker.usage();
        live.journal.set_usage(resources, memory);
    }
    answer_when_written(
        worker,
        &live.journal,
        started.key.clone(),
        answer_of(outcome),
    );
}

fn answer_when_written(worker: &Arc<Worker>, journal: &Arc<Journal>, key: String, answer: Answer) {
    let flush = journal.flush();
    let (worker, journal) = (worker.clone(), journal.clone());
    tokio::spawn(async move {
        let answer = match journal.written(flush).await {
            Ok(()) => answer,
            Err(error) => Err(WorkerError::Unavailable(error.to_string())),
        };
        worker.answer(&key, &answer);
    });
}

/// Ends a worker with the invocation that ended it.
async fn over(worker: &Arc<Worker>, task: &mut TaskState, failed: FailedInvocation) {
    let FailedInvocation { key, outcome, .. } = failed;
    task.live = None;
    let Some(journal) = task.journal.take() else {
        return;
    };
    let (state, phase, why) = match &outcome {
        InvocationOutcome::Exited => (StoredState::Exited, WorkerPhase::Exited, None),
        InvocationOutcome::Failed(why) | InvocationOutcome::Refused(why) => (
            StoredState::Failed,
            WorkerPhase::Failed(why.clone()),
            Some(why.clone()),
        ),
        InvocationOutcome::Returned { .. } => return,
    };
    let error = match &why {
        Some(why) => WorkerError::PreviousInvocationFailed(why.clone()),
        None => WorkerError::PreviousInvocationExited,
    };
    // The end always has room.
    let _ = journal.add(&JournalEntry::End(outcome.clone()));
    journal.add_result(key.clone(), &outcome);
    for number in worker.take_stored() {
        journal.take(number);
    }
    journal.set_state(state, why);
    journal.close();
    worker.set_phase(phase, 0);
    let flush = journal.flush();
    let answer = match journal.written(flush).await {
        Ok(()) => answer_of(outcome),
        Err(error) => Err(WorkerError::Unavailable(error.to_string())),
    };
    worker.answer(&key, &answer);
    worker.answer_all(&error);
}

/// Ends a worker whose journal must not be added to. `first` gets its own answer.
async fn fail(
    context: &Arc<Context>,
    worker: &Arc<Worker>,
    why: String,
    first: Option<(String, WorkerError)>,
) {
    let (id, text) = (worker.id, why.clone());
    let write = move |connection: &rusqlite::Connection| {
        workers::set_state(connection, id, StoredState::Failed, Some(&text))
    };
    if let Err(error) = context.store.write(write).await {
        worker.give_up(&error.into());
        return;
    }
    worker.set_phase(WorkerPhase::Failed(why.clone()), 0);
    if let Some((key, error)) = first {
        worker.answer(&key, &Err(error));
    }
    worker.answer_all(&WorkerError::PreviousInvocationFailed(why));
}
