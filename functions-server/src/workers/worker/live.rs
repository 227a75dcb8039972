//! A loaded worker: its instance, and its journal.

use std::sync::Arc;

use super::Worker;
use super::context::Context;
use super::execution_error::{ExecutionError, FailedInvocation};
use super::instantiate::instantiate;
use crate::store::Time;
use crate::store::workers;
use crate::workers::check::{self, CheckedCall, Parameter};
use crate::workers::error::WorkerError;
use crate::workers::failure::{InstanceFailure, with_stderr};
use crate::workers::instance::{Instance, LinkedComponent};
use crate::workers::journal::{
    InvocationOutcome, Journal, JournalEntry, JournalLimits, JournalTooLong, Stored,
};
use crate::workers::runtime::{Diverged, timed};

/// A loaded worker.
pub(super) struct Live {
    pub(super) instance: Instance,
    pub(super) code: Arc<LinkedComponent>,
    pub(super) journal: Arc<Journal>,
}

/// An invocation as it began.
#[derive(Debug)]
pub(super) struct StartedInvocation {
    pub(super) key: String,
    /// Whether somebody may ask again with the key. Not recorded: after a restart, somebody may.
    pub(super) has_known_key: bool,
    pub(super) call: CheckedCall,
    pub(super) at: i64,
    /// The workers that wait for it. Not recorded: they are gone after a restart.
    pub(super) origin: Option<Arc<str>>,
}

impl Live {
    /// Reads a worker's journal, and makes an instance. It is then at its beginning.
    pub(super) async fn load(
        context: &Context,
        worker: &Worker,
        version: u64,
    ) -> Result<Self, ExecutionError> {
        let unavailable = |why: String| ExecutionError::Unavailable(WorkerError::Unavailable(why));
        let id = worker.id;
        let read = move |connection: &rusqlite::Connection| {
            let stored = Stored {
                state: workers::state(connection, id)?,
                results: workers::count_results(connection, id)?,
            };
            Ok((workers::read(connection, id)?, stored))
        };
        let read = context.store.read(read).await;
        let (rows, stored) = read.map_err(|error| ExecutionError::Unavailable(error.into()))?;
        let limits = JournalLimits {
            length: context.limits.journal,
            results: context.limits.keys,
            snapshot_after: context.limits.snapshot_after,
        };
        let journal = Journal::new(context.store.clone(), id, rows, stored, &limits);
        let journal = journal.map_err(|error| unavailable(error.to_string()))?;
        let version = context.version(&worker.component, Some(version)).await;
        let version = version.map_err(ExecutionError::Unavailable)?;
        let code = context
            .linked
            .durable(&version)
            .await
            .map_err(ExecutionError::Unavailable)?;
        let mut instance = instantiate(context, worker, &code, &journal).await?;
        if let Some(snapshot) = journal.next_snapshot() {
            let loaded = timed(&instance.budget(), instance.load(&snapshot)).await;
            loaded.map_err(|error| ExecutionError::not_loaded(&error))?;
            match journal.next() {
                Some(JournalEntry::Loaded) => {}
                found => {
                    return Err(ExecutionError::Diverged(Diverged {
                        call: "the end of loading a snapshot".to_owned(),
                        found: format!("{found:?}"),
                    }));
                }
            }
        }
        Ok(Self {
            instance,
            code,
            journal,
        })
    }

    /// The next recorded invocation.
    pub(super) fn recorded(&self) -> Result<Option<StartedInvocation>, ExecutionError> {
        let Some(entry) = self.journal.next_start() else {
            return match self.journal.next() {
                None => Ok(None),
                Some(found) => Err(ExecutionError::Diverged(Diverged {
                    call: "the next invocation".to_owned(),
                    found: format!("{found:?}"),
                })),
            };
        };
        let JournalEntry::Start {
            key,
            function,
            params,
            at,
        } = entry
        else {
            return Ok(None);
        };
        let call = self.check(&function, &params).map_err(|errors| {
            ExecutionError::Diverged(Diverged {
                call: errors.join("; "),
                found: format!("a call of {function}"),
            })
        })?;
        Ok(Some(StartedInvocation {
            key,
            has_known_key: true,
            call,
            at,
            origin: None,
        }))
    }

    /// Checks a call that was checked before, perhaps against another version of the component.
    pub(super) fn check(&self, function: &str, params: &str) -> Result<CheckedCall, Vec<String>> {
        let parameters = Parameter::of_array(params.as_bytes()).map_err(|bad| bad.errors)?;
        check::check(&self.code.version.functions, function, &parameters).map_err(|bad| bad.errors)
    }

    /// Begins an invocation that was not recorded.
    ///
    /// # Errors
    ///
    /// It cannot be called, and the worker is as before.
    pub(super) fn begin(
        &self,
        key: String,
        call: CheckedCall,
        origin: Option<Arc<str>>,
    ) -> Result<StartedInvocation, WorkerError> {
        let full = |error: JournalTooLong| WorkerError::JournalFull(error.to_string());
        let length = call.text.len() + call.params.len();
        self.journal.check_length(length).map_err(full)?;
        let prepared = self.instance.prepare(&call);
        prepared.map_err(|why| WorkerError::BadCall(vec![why]))?;
        let at = Time::now().0;
        let start = JournalEntry::Start {
            key: key.clone(),
            function: call.text.clone(),
            params: call.params.clone(),
            at,
        };
        self.journal.add(&start).map_err(full)?;
        Ok(StartedInvocation {
            key,
            has_known_key: true,
            call,
            at,
            origin,
        })
    }

    /// Runs an invocation to its end, which is compared with what was recorded or else added.
    pub(super) async fn run(
        &mut self,
        started: &StartedInvocation,
    ) -> Result<InvocationOutcome, ExecutionError> {
        let before = self.journal.added();
        let outcome = match self.instance.prepare(&started.call) {
            Ok(prepared) => {
                self.instance.set_origin(started.origin.clone());
                let budget = self.instance.budget();
                let called = self.instance.call(&started.call, prepared, started.at);
                timed(&budget, called).await
            }
            Err(why) => Ok(InvocationOutcome::Refused(why)),
        };
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(error) => return Err(self.execution_error(started, &error, before)),
        };
        match self.journal.next() {
            Some(JournalEntry::End(recorded)) if recorded == outcome => {}
            Some(JournalEntry::Ended { hash }) if hash == outcome.hash() => {}
            Some(found) => {
                return Err(ExecutionError::Diverged(Diverged {
                    call: format!("the end of {}", started.call.text),
                    found: format!("{found:?}"),
                }));
            }
            None => self.end(started, &outcome),
        }
        Ok(outcome)
    }

    /// Adds the end of an invocation, which the next flush writes.
    fn end(&mut self, started: &StartedInvocation, outcome: &InvocationOutcome) {
        // The end always has room.
        let hash = outcome.hash();
        let _ = self.journal.add(&JournalEntry::Ended { hash });
        if started.has_known_key {
            self.journal.add_result(started.key.clone(), outcome);
        }
    }

    fn execution_error(
        &mut self,
        started: &StartedInvocation,
        error: &wasmtime::Error,
        before: u64,
    ) -> ExecutionError {
        let (outcome, may_retry) = match InstanceFailure::of(error) {
            InstanceFailure::Diverged(diverged) => return ExecutionError::Diverged(diverged),
            InstanceFailure::Suspended(until) => return ExecutionError::Suspended(until),
            // It came further before: the limit is lower now, or the machine busier.
            InstanceFailure::Limit(why) if self.journal.is_replaying() => {
                return ExecutionError::Unavailable(WorkerError::Unavailable(why));
            }
            // A recorded end is a return: otherwise the worker would be over.
            _ if self.journal.is_replaying() => {
                return ExecutionError::Diverged(Diverged {
                    call: format!("a trap in {}", started.call.text),
                    found: "something else".to_owned(),
                });
            }
            InstanceFailure::Exited => (InvocationOutcome::Exited, false),
            InstanceFailure::Limit(why) => (InvocationOutcome::Failed(why), false),
            InstanceFailure::Trapped(why) => {
                let why = with_stderr(why, &self.instance.take_stderr());
                // Without anything new from outside, it would trap again.
                (
                    InvocationOutcome::Failed(why),
                    self.journal.added() > before,
                )
            }
        };
        ExecutionError::Failed(FailedInvocation {
            key: started.key.clone(),
            outcome,
            may_retry,
        })
    }
}
