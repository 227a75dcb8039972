//! A loaded worker: its instance, and its journal.

use std::sync::Arc;
use std::time::SystemTime;

use super::Worker;
use super::instantiate::not_loaded;
use super::task::Context;
use crate::store::Time;
use crate::store::workers;
use crate::workers::check::{self, Checked, Parameter};
use crate::workers::error::WorkerError;
use crate::workers::failure::{Failure, with_stderr};
use crate::workers::instance::{Code, Instance};
use crate::workers::journal::{Entry, Journal, Limits, Outcome, Stored, TooLong};
use crate::workers::runtime::{Diverged, timed};

/// A loaded worker.
pub(super) struct Live {
    pub(super) instance: Instance,
    pub(super) code: Arc<Code>,
    pub(super) journal: Arc<Journal>,
}

/// An invocation as it began.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) key: String,
    /// Whether somebody may ask again with the key. Not recorded: after a restart, somebody may.
    pub(super) has_known_key: bool,
    pub(super) call: Checked,
    pub(super) at: i64,
    /// The workers that wait for it. Not recorded: they are gone after a restart.
    pub(super) origin: Option<Arc<str>>,
}

/// The instance cannot be used any longer.
#[derive(Debug)]
pub(super) enum Broken {
    /// An invocation ended with it.
    Ended(Ended),
    /// The replay shows something else than the journal.
    Diverged(Diverged),
    /// The component traps before it can be called.
    Creation(String),
    /// It sleeps until then, and needs no instance meanwhile.
    Suspended(SystemTime),
    /// The host cannot load it now.
    Unavailable(WorkerError),
}

/// An invocation that took its instance with it.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) key: String,
    pub(super) outcome: Outcome,
    /// Whether it might end in another way if it is run again.
    pub(super) may_retry: bool,
}

impl Live {
    /// Reads a worker's journal, and makes an instance. It is then at its beginning.
    pub(super) async fn load(
        context: &Context,
        worker: &Worker,
        version: u64,
    ) -> Result<Self, Broken> {
        let unavailable = |why: String| Broken::Unavailable(WorkerError::Unavailable(why));
        let id = worker.id;
        let read = move |connection: &rusqlite::Connection| {
            let stored = Stored {
                state: workers::state(connection, id)?,
                results: workers::count_results(connection, id)?,
            };
            Ok((workers::read(connection, id)?, stored))
        };
        let read = context.store.read(read).await;
        let (rows, stored) = read.map_err(|error| Broken::Unavailable(error.into()))?;
        let limits = Limits {
            length: context.limits.journal,
            results: context.limits.keys,
            snapshot_after: context.limits.snapshot_after,
        };
        let journal = Journal::new(context.store.clone(), id, rows, stored, &limits);
        let journal = journal.map_err(|error| unavailable(error.to_string()))?;
        let version = context.version(&worker.component, Some(version)).await;
        let version = version.map_err(Broken::Unavailable)?;
        let code = context
            .codes
            .durable(&version)
            .await
            .map_err(Broken::Unavailable)?;
        let mut instance = Self::instantiate(context, worker, &code, &journal).await?;
        if let Some(snapshot) = journal.next_snapshot() {
            let loaded = timed(&instance.budget(), instance.load(&snapshot)).await;
            loaded.map_err(|error| not_loaded(&error))?;
            match journal.next() {
                Some(Entry::Loaded) => {}
                found => {
                    return Err(Broken::Diverged(Diverged {
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
    pub(super) fn recorded(&self) -> Result<Option<Begun>, Broken> {
        let Some(entry) = self.journal.next_start() else {
            return match self.journal.next() {
                None => Ok(None),
                Some(found) => Err(Broken::Diverged(Diverged {
                    call: "the next invocation".to_owned(),
                    found: format!("{found:?}"),
                })),
            };
        };
        let Entry::Start {
            key,
            function,
            params,
            at,
        } = entry
        else {
            return Ok(None);
        };
        let call = self.check(&function, &params).map_err(|errors| {
            Broken::Diverged(Diverged {
                call: errors.join("; "),
                found: format!("a call of {function}"),
            })
        })?;
        Ok(Some(Begun {
            key,
            has_known_key: true,
            call,
            at,
            origin: None,
        }))
    }

    /// Checks a call that was checked before, perhaps against another version of the component.
    pub(super) fn check(&self, function: &str, params: &str) -> Result<Checked, Vec<String>> {
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
        call: Checked,
        origin: Option<Arc<str>>,
    ) -> Result<Begun, WorkerError> {
        let full = |error: TooLong| WorkerError::JournalFull(error.to_string());
        let length = call.text.len() + call.params.len();
        self.journal.check_length(length).map_err(full)?;
        let prepared = self.instance.prepare(&call);
        prepared.map_err(|why| WorkerError::BadCall(vec![why]))?;
        let at = Time::now().0;
        let start = Entry::Start {
            key: key.clone(),
            function: call.text.clone(),
            params: call.params.clone(),
            at,
        };
        self.journal.add(&start).map_err(full)?;
        Ok(Begun {
            key,
            has_known_key: true,
            call,
            at,
            origin,
        })
    }

    /// Runs an invocation to its end, which is compared with what was recorded or else added.
    pub(super) async fn run(&mut self, begun: &Begun) -> Result<Outcome, Broken> {
        let before = self.journal.added();
        let outcome = match self.instance.prepare(&begun.call) {
            Ok(prepared) => {
                self.instance.set_origin(begun.origin.clone());
                let budget = self.instance.budget();
                let called = self.instance.call(&begun.call, prepared, begun.at);
                timed(&budget, called).await
            }
            Err(why) => Ok(Outcome::Refused(why)),
        };
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(error) => return Err(self.broken(begun, &error, before)),
        };
        match self.journal.next() {
            Some(Entry::End(recorded)) if recorded == outcome => {}
            Some(Entry::Ended { hash }) if hash == outcome.hash() => {}
            Some(found) => {
                return Err(Broken::Diverged(Diverged {
                    call: format!("the end of {}", begun.call.text),
                    found: format!("{found:?}"),
                }));
            }
            None => self.end(begun, &outcome),
        }
        Ok(outcome)
    }

    /// Adds the end of an invocation, which the next flush writes.
    fn end(&mut self, begun: &Begun, outcome: &Outcome) {
        // The end always has room.
        let hash = outcome.hash();
        let _ = self.journal.add(&Entry::Ended { hash });
        if begun.has_known_key {
            self.journal.add_result(begun.key.clone(), outcome);
        }
    }

    fn broken(&mut self, begun: &Begun, error: &wasmtime::Error, before: u64) -> Broken {
        let (outcome, may_retry) = match Failure::of(error) {
            Failure::Diverged(diverged) => return Broken::Diverged(diverged),
            Failure::Suspended(until) => return Broken::Suspended(until),
            // It came further before: the limit is lower now, or the machine busier.
            Failure::Limit(why) if self.journal.is_replaying() => {
                return Broken::Unavailable(WorkerError::Unavailable(why));
            }
            // A recorded end is a return: otherwise the worker would be over.
            _ if self.journal.is_replaying() => {
                return Broken::Diverged(Diverged {
                    call: format!("a trap in {}", begun.call.text),
                    found: "something else".to_owned(),
                });
            }
            Failure::Exited => (Outcome::Exited, false),
            Failure::Limit(why) => (Outcome::Failed(why), false),
            Failure::Trapped(why) => {
                let why = with_stderr(why, &self.instance.take_stderr());
                // Without anything new from outside, it would trap again.
                (Outcome::Failed(why), self.journal.added() > before)
            }
        };
        Broken::Ended(Ended {
            key: begun.key.clone(),
            outcome,
            may_retry,
        })
    }
}
