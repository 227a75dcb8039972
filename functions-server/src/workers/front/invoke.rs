//! Calls workers.

use std::sync::Arc;

use tokio::sync::oneshot::Receiver;

use super::pending_answer::PendingAnswer;
use super::{WorkerInvocation, Workers};
use crate::store::workers;
use crate::workers::check::{self, CheckedCall};
use crate::workers::components::ComponentVersion;
use crate::workers::error::WorkerError;
use crate::workers::journal::{InvocationOutcome, JournalTooLong};
use crate::workers::origin;
use crate::workers::worker::{
    Answer, KeyReservation, Returned, Submitted, Worker, answer_of, written,
};

impl Workers {
    /// Calls a worker, which is created if there is none with this name, and waits for what it returns.
    ///
    /// A key that was used before gets the answer of then.
    pub(crate) async fn invoke_and_await(
        &self,
        component: &str,
        name: &str,
        invocation: WorkerInvocation,
    ) -> Result<Returned, WorkerError> {
        origin::check_depth(invocation.origin.as_deref())?;
        if let Some(version) = self.ephemeral(component, name).await? {
            return self.call_ephemeral(&version, name, &invocation).await;
        }
        let call = origin::call(invocation.origin.as_deref());
        match self.accept(component, name, invocation, false).await? {
            Accepted::Answered(answer) => answer,
            Accepted::Waiting(waiting) => match call {
                None => waiting.answer().await,
                Some(call) => {
                    waiting
                        .answer_to_worker(&self.inner.context.waits, call)
                        .await
                }
            },
        }
    }

    /// Calls a worker, which is created if there is none with this name, and returns once the invocation is
    /// on the disk.
    pub(crate) async fn invoke(
        &self,
        component: &str,
        name: &str,
        invocation: WorkerInvocation,
    ) -> Result<(), WorkerError> {
        self.accept(component, name, invocation, true)
            .await
            .map(drop)
    }

    async fn accept(
        &self,
        component: &str,
        name: &str,
        invocation: WorkerInvocation,
        is_stored: bool,
    ) -> Result<Accepted, WorkerError> {
        origin::check_worker(component, name, invocation.origin.as_deref())?;
        let key = invocation.key.clone();
        loop {
            let known = self.open(component, name).await?;
            let version = self.version_for(component, known.as_deref()).await?;
            // Before anything else: what is asked again is not checked again.
            if let (Some(worker), Some(key)) = (&known, &key) {
                let answer = match worker.reserve(key) {
                    KeyReservation::Known(answer) => {
                        if worker.is_interrupted() {
                            // Any call lets it continue, and so does one that is repeated.
                            self.go_on(worker).await?;
                        } else if worker.has_work() {
                            // It may have been unloaded with calls that had no room.
                            self.start(worker);
                        }
                        return Ok(Accepted::waiting(worker, key, answer));
                    }
                    KeyReservation::Closed => continue,
                    KeyReservation::New(answer) => answer,
                };
                let reserved = KeyGuard::new(worker, key);
                if let Some(answered) = self.stored_answer(component, name, key).await? {
                    worker.answer(key, &answered);
                    reserved.done();
                    return Ok(Accepted::Answered(answered));
                }
                let call = self.check(&version, &invocation).await?;
                let submitted = Submitted {
                    call,
                    key: key.clone(),
                    has_known_key: true,
                    origin: invocation.origin.clone(),
                };
                self.submit(worker, submitted, is_stored).await?;
                reserved.done();
                return Ok(Accepted::waiting(worker, key, answer));
            }
            let call = self.check(&version, &invocation).await?;
            let worker = match known {
                Some(worker) => worker,
                None => {
                    self.open_or_create(component, name, version.version)
                        .await?
                }
            };
            if key.is_some() {
                // Somebody may have used it meanwhile.
                continue;
            }
            let key = uuid::Uuid::new_v4().to_string();
            let KeyReservation::New(answer) = worker.reserve(&key) else {
                continue;
            };
            let reserved = KeyGuard::new(&worker, &key);
            let submitted = Submitted {
                call,
                key: key.clone(),
                has_known_key: false,
                origin: invocation.origin.clone(),
            };
            self.submit(&worker, submitted, is_stored).await?;
            reserved.done();
            return Ok(Accepted::waiting(&worker, &key, answer));
        }
    }

    async fn submit(
        &self,
        worker: &Arc<Worker>,
        submitted: Submitted,
        is_stored: bool,
    ) -> Result<(), WorkerError> {
        let context = &self.inner.context;
        let fits = JournalTooLong::check(submitted.call.params.len(), context.limits.journal);
        fits.map_err(|error| WorkerError::JournalFull(error.to_string()))?;
        let store = is_stored.then_some(&*context.store);
        let kept = worker.submit(submitted, store, &context.limits, &context.waiting)?;
        self.start(worker);
        let Some(kept) = kept else {
            return Ok(());
        };
        let written = written(kept.written).await;
        written.inspect_err(|_| worker.withdraw(kept.number))
    }

    /// The component's version that a worker has, or a new one would get.
    async fn version_for(
        &self,
        component: &str,
        worker: Option<&Worker>,
    ) -> Result<Arc<ComponentVersion>, WorkerError> {
        match worker {
            Some(worker) => self.version(component, Some(worker.version())).await,
            None => self.version(component, None).await,
        }
    }

    /// A version of a component, or the latest.
    pub(super) async fn version(
        &self,
        component: &str,
        number: Option<u64>,
    ) -> Result<Arc<ComponentVersion>, WorkerError> {
        self.inner.context.version(component, number).await
    }

    pub(super) async fn check(
        &self,
        version: &ComponentVersion,
        invocation: &WorkerInvocation,
    ) -> Result<CheckedCall, WorkerError> {
        let checked = check::check(
            &version.functions,
            &invocation.function,
            &invocation.parameters,
        );
        checked.map_err(|bad| WorkerError::BadCall(bad.errors))
    }

    /// The outcome of an invocation whose result is on the disk.
    async fn stored_answer(
        &self,
        component: &str,
        name: &str,
        key: &str,
    ) -> Result<Option<Answer>, WorkerError> {
        let (component, name, key) = (component.to_owned(), name.to_owned(), key.to_owned());
        let read = move |connection: &_| workers::result(connection, &component, &name, &key);
        let stored = self.inner.context.store.read(read).await?;
        let Some(bytes) = stored else {
            return Ok(None);
        };
        let outcome = InvocationOutcome::from_bytes(&bytes).ok_or_else(|| {
            let why = "the result was written by a newer release: use that";
            WorkerError::Unavailable(why.to_owned())
        })?;
        Ok(Some(answer_of(outcome)))
    }
}

/// The outcome of accepting an invocation: its answer, or the wait for it.
enum Accepted {
    Answered(Answer),
    Waiting(PendingAnswer),
}

impl Accepted {
    fn waiting(worker: &Arc<Worker>, key: &str, receiver: Receiver<Answer>) -> Self {
        let (worker, key) = (worker.clone(), key.to_owned());
        Self::Waiting(PendingAnswer::new(worker, key, receiver))
    }
}

/// A key that is reserved until its invocation is accepted. If it is not accepted, clients that wait for the key
/// are told.
struct KeyGuard<'a> {
    worker: &'a Arc<Worker>,
    key: &'a str,
    is_done: bool,
}

impl<'a> KeyGuard<'a> {
    fn new(worker: &'a Arc<Worker>, key: &'a str) -> Self {
        Self {
            worker,
            key,
            is_done: false,
        }
    }

    fn done(mut self) {
        self.is_done = true;
    }
}

impl Drop for KeyGuard<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            let why = "the first request with this key was not accepted: send it again";
            let answer = Err(WorkerError::Unavailable(why.to_owned()));
            self.worker.answer(self.key, &answer);
        }
    }
}
