//! Waits for the answer of a worker.

use std::sync::Arc;

use tokio::sync::oneshot::Receiver;

use crate::workers::error::WorkerError;
use crate::workers::origin;
use crate::workers::waits::Waits;
use crate::workers::worker::{Answer, QueueRelease, Worker};

/// The answer of an accepted invocation, which has not come yet.
pub(super) struct PendingAnswer {
    worker: Arc<Worker>,
    key: String,
    receiver: Receiver<Answer>,
}

impl PendingAnswer {
    pub(super) fn new(worker: Arc<Worker>, key: String, receiver: Receiver<Answer>) -> Self {
        Self {
            worker,
            key,
            receiver,
        }
    }

    pub(super) async fn answer(self) -> Answer {
        received(self.receiver.await)
    }

    /// Answers a call that a worker makes, or a function which a worker called. It fails if workers wait for each
    /// other, and is then taken back if it has not begun.
    pub(super) async fn answer_to_worker(mut self, waits: &Waits, call: u64) -> Answer {
        loop {
            let (worker, key) = (self.worker.clone(), self.key.clone());
            let name = origin::worker(&worker.component, &worker.name);
            let phase = move || worker.invocation_phase(&key);
            let mut awaited = waits.await_worker(call, name.into(), phase);
            let cycle = tokio::select! {
                biased;
                answer = &mut self.receiver => match received(answer) {
                    // It continues once the worker is resumed, and so does the call.
                    Err(WorkerError::Interrupted) => match self.worker.await_again(&self.key) {
                        Some(receiver) => {
                            self.receiver = receiver;
                            continue;
                        }
                        None => return Err(WorkerError::Interrupted),
                    },
                    answer => return answer,
                },
                cycle = awaited.fails() => cycle,
            };
            let released = self.worker.release(&self.key);
            if cycle.is_queued && released == QueueRelease::Started {
                // Something else has ended the cycle.
                continue;
            }
            return Err(WorkerError::Deadlock(cycle.to_string()));
        }
    }
}

fn received(answer: Result<Answer, tokio::sync::oneshot::error::RecvError>) -> Answer {
    answer.unwrap_or_else(|_| Err(WorkerError::stopping()))
}
