//! The task of a worker: one invocation at a time, in the order of their arrival.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::context::Context;
use super::drive::drive;
use super::task_state::TaskState;
use super::update::update;
use super::{Queued, Stop, Worker, WorkerPhase};
use crate::store::workers::{self, StoredState};
use crate::workers::error::WorkerError;

/// How often a task looks whether a worker that is over has answered everybody.
const LINGER: Duration = Duration::from_millis(20);

/// How long a task waits for a worker that sleeps until it looks at the clock again, which somebody may set.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// The next action of a task.
#[derive(Debug)]
enum WorkerAction {
    /// Continue with what was cut off.
    Resume,
    Invoke(Box<Queued>),
    Update(u64),
    Stop(Stop),
    /// Nothing: unload.
    Idle,
}

/// Runs a worker until it has nothing to do.
pub(in crate::workers) async fn run(
    context: Arc<Context>,
    worker: Arc<Worker>,
    close: impl Fn(&Arc<Worker>) -> bool,
) {
    let mut task = TaskState::default();
    loop {
        match worker.next(context.limits.idle).await {
            WorkerAction::Idle => {
                task.unload().await;
                if close(&worker) {
                    return;
                }
            }
            WorkerAction::Stop(stop) => {
                stop_now(&context, &worker, &mut task, stop).await;
                if stop.is_final() {
                    return;
                }
            }
            WorkerAction::Resume => drive_or_stop(&context, &worker, &mut task).await,
            WorkerAction::Invoke(queued) => {
                task.queued = Some(*queued);
                drive_or_stop(&context, &worker, &mut task).await;
            }
            WorkerAction::Update(target) => update(&context, &worker, &mut task, target).await,
        }
    }
}

async fn drive_or_stop(context: &Arc<Context>, worker: &Arc<Worker>, task: &mut TaskState) {
    context.loaded.note(worker);
    let is_stopped = tokio::select! {
        biased;
        // An instance is of no use inside a call. The task has it only between calls.
        () = worker.stopping() => true,
        () = drive(context, worker, task) => false,
    };
    match is_stopped {
        true => worker.put_back(task.queued.take()),
        false => worker.set_idle(),
    }
}

/// Stops what the worker does. What was recorded stays, and continues with the next invocation.
async fn stop_now(context: &Arc<Context>, worker: &Arc<Worker>, task: &mut TaskState, stop: Stop) {
    task.unload().await;
    match stop {
        Stop::Interrupt => {
            let id = worker.id;
            let write = move |connection: &rusqlite::Connection| {
                workers::set_state(connection, id, StoredState::Interrupted, None)
            };
            if let Err(error) = context.store.write(write).await {
                tracing::warn!(worker = id, %error, "an interrupted worker cannot be kept so");
                worker.set_stop_error(error.into());
            }
            worker.interrupted();
        }
        Stop::Restart => worker.restarted(),
        Stop::Delete => {
            worker.answer_all(&WorkerError::Deleted);
            worker.task_ended();
        }
        Stop::Shutdown => {
            worker.answer_all(&WorkerError::stopping());
            worker.task_ended();
        }
    }
}

impl Worker {
    /// Waits for something to do.
    async fn next(&self, idle: Duration) -> WorkerAction {
        let mut until = Instant::now() + idle;
        loop {
            let mut sleep = None;
            {
                let mut shared = self.shared();
                if let Some(stop) = shared.stop {
                    return WorkerAction::Stop(stop);
                }
                if shared.has_given_up {
                    return WorkerAction::Idle;
                }
                match shared.phase {
                    WorkerPhase::Suspended(until) => {
                        match until.duration_since(SystemTime::now()) {
                            Ok(left) if !left.is_zero() => sleep = Some(left.min(LONGEST_SLEEP)),
                            _ => {
                                shared.is_cut_off = false;
                                shared.phase = WorkerPhase::Running;
                                return WorkerAction::Resume;
                            }
                        }
                    }
                    WorkerPhase::Interrupted | WorkerPhase::Failed(_) | WorkerPhase::Exited => {
                        until = until.min(Instant::now() + LINGER);
                    }
                    _ => {
                        if shared.is_cut_off {
                            shared.is_cut_off = false;
                            shared.phase = WorkerPhase::Running;
                            return WorkerAction::Resume;
                        }
                        if let Some(target) = shared.pending_update() {
                            return WorkerAction::Update(target);
                        }
                        if let Some(queued) = shared.next_queued() {
                            shared.phase = WorkerPhase::Running;
                            shared.running = Some(queued.key.clone());
                            return WorkerAction::Invoke(Box::new(queued));
                        }
                        if std::mem::take(&mut shared.is_to_unload) {
                            return WorkerAction::Idle;
                        }
                    }
                }
            }
            tokio::select! {
                () = self.wake.notified() => {}
                () = tokio::time::sleep(sleep.unwrap_or_default()), if sleep.is_some() => {}
                () = tokio::time::sleep_until(until), if sleep.is_none() => return WorkerAction::Idle,
            }
        }
    }

    /// Returns once the task has to stop what it does.
    pub(super) async fn stopping(&self) {
        loop {
            if self.shared().stop.is_some() {
                return;
            }
            self.stop.notified().await;
        }
    }
}
