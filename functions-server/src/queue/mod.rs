//! Invocations that nobody waits for.
//!
//! What is accepted is on the disk, and runs at least once: a start runs again what had not ended. An attempt
//! that fails is tried again, and one that failed too often stays as a dead letter until its time is over.
//!
//! An API that accepts invocations has a source: a name, under which it may register a [`Runner`]. Otherwise
//! the request goes to the function as it was accepted.

mod dispatch;
mod message;
mod policy;
mod runner;
mod schedule;

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::Duration;

use host_harness::Harness;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

pub(crate) use message::{RequestHead, ResponseHead};
pub(crate) use runner::{Attempt, Ended, Runner, Running};
pub(crate) use schedule::Full;

use crate::deployments::Deployments;
use crate::store::invocations::{
    self, Added, InvocationRow, NewInvocation, QueuedId, StoredMessage, Wanted,
};
use crate::store::{Digest, Store, StoreError, Time};
use runner::FunctionRunner;
use schedule::{Limits, Schedule};

/// The longest body of a request that is accepted, in bytes.
pub(crate) const MAX_BODY: usize = 8 << 20;

/// How many bytes of bodies wait at most, of all functions.
const MAX_WAITING_BYTES: u64 = 1 << 30;

/// How many attempts run at once at most; a host for fewer requests runs half as many.
const MAX_RUNNING: usize = 256;

/// How often the process may end during an invocation before that counts as failed.
const MAX_INTERRUPTIONS: u32 = 10;

/// Whatever can be configured.
#[derive(Debug, Clone)]
pub(crate) struct QueueOptions {
    /// How many invocations wait at most.
    pub(crate) capacity: usize,
    /// How long what came of them is kept.
    pub(crate) retention: Duration,
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self {
            capacity: 100_000,
            retention: Duration::from_secs(24 * 3600),
        }
    }
}

/// A durable queue. Clones are cheap, and share one.
#[derive(Clone)]
pub(crate) struct Queue {
    inner: Arc<Inner>,
}

/// An attempt that has begun.
enum Begun {
    /// It is being written that it runs.
    Claiming,
    /// It was cancelled meanwhile.
    Cancelled,
    Running(AbortHandle),
}

/// A queue that may be gone. It keeps neither the store nor the host alive.
#[derive(Clone)]
pub(crate) struct WeakQueue(Weak<Inner>);

impl WeakQueue {
    pub(crate) fn upgrade(&self) -> Option<Queue> {
        self.0.upgrade().map(|inner| Queue { inner })
    }
}

struct Inner {
    store: Arc<Store>,
    deployments: Arc<Deployments>,
    options: QueueOptions,
    functions: Arc<dyn Runner>,
    runners: RwLock<HashMap<&'static str, Arc<dyn Runner>>>,
    schedule: Mutex<Schedule>,
    running: Mutex<HashMap<QueuedId, Begun>>,
    /// There may be something to run.
    wake: Arc<Notify>,
    /// An attempt has ended.
    ended: Notify,
    is_started: AtomicBool,
    is_stopping: AtomicBool,
}

/// An invocation that an API accepts.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) source: &'static str,
    /// What the API itself calls it. Has to be unique within the source.
    pub(crate) name: Option<String>,
    pub(crate) function: String,
    pub(crate) key: Option<(String, Digest)>,
    pub(crate) request: StoredMessage,
}

/// An invocation is not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OfferError {
    #[error("{}", full(.0))]
    Full(Full),
    #[error("another request came with this Idempotency-Key: use a new key for a new request")]
    OtherRequest,
    #[error("the operating system has no random bytes")]
    Random,
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn full(full: &Full) -> &'static str {
    match full {
        Full::Queue => "too many invocations wait",
        Full::Function => "too many invocations of this function wait",
    }
}

/// An invocation cannot be changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangeError {
    #[error("invocation not found")]
    NotFound,
    #[error(
        "the invocation is {0}: only one that has not ended can be cancelled, and only one that failed retried"
    )]
    WrongState(&'static str),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An invocation with its result.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    pub(crate) row: InvocationRow,
    pub(crate) result: Option<StoredMessage>,
}

impl Queue {
    /// Reads what has not ended from the store, on this thread. Nothing runs before [`start`](Self::start).
    pub(crate) fn open(
        store: Arc<Store>,
        harness: Harness,
        deployments: Arc<Deployments>,
        options: QueueOptions,
    ) -> Result<Self, StoreError> {
        let now = Time::now();
        let expires = now.after(options.retention);
        let recover =
            move |connection: &_| invocations::recover(connection, MAX_INTERRUPTIONS, now, expires);
        let unfinished = store.write_blocking(recover)?;
        let concurrency = usize::try_from(harness.limits().concurrency).unwrap_or(MAX_RUNNING);
        let mut schedule = Schedule::new(Limits {
            capacity: options.capacity,
            bytes: MAX_WAITING_BYTES,
            running: (concurrency / 2).clamp(1, MAX_RUNNING),
        });
        for of in unfinished {
            let length = of.length.unsigned_abs();
            schedule.restore(&of.function, of.id, length, of.due);
        }
        Ok(Self {
            inner: Arc::new(Inner {
                store,
                deployments,
                options,
                functions: Arc::new(FunctionRunner(harness)),
                runners: RwLock::default(),
                schedule: Mutex::new(schedule),
                running: Mutex::default(),
                wake: Arc::default(),
                ended: Notify::new(),
                is_started: AtomicBool::new(false),
                is_stopping: AtomicBool::new(false),
            }),
        })
    }

    pub(crate) fn downgrade(&self) -> WeakQueue {
        WeakQueue(Arc::downgrade(&self.inner))
    }

    /// Sets how the invocations of a source are run.
    pub(crate) fn register(&self, source: &'static str, runner: Arc<dyn Runner>) {
        let runners = self.inner.runners.write();
        runners
            .unwrap_or_else(PoisonError::into_inner)
            .insert(source, runner);
    }

    /// Accepts an invocation. Once this returns, it is on the disk.
    ///
    /// Dropping the future does not undo it.
    pub(crate) async fn accept(&self, offer: Offer) -> Result<QueuedId, OfferError> {
        let accepted = Time::now();
        let id = QueuedId::new(accepted).map_err(|_| OfferError::Random)?;
        let bytes = offer.request.body.len() as u64;
        let reserved = self.inner.schedule().reserve(&offer.function, bytes);
        let reserved = match reserved {
            Ok(reserved) => reserved,
            Err(full) => return self.known(offer).await?.ok_or(OfferError::Full(full)),
        };
        let new = NewInvocation {
            id,
            source: offer.source,
            name: offer.name,
            function: offer.function,
            key: offer.key,
            accepted,
            request: offer.request,
        };
        let inner = self.inner.clone();
        // In a task, so that it is scheduled or its room given back, also if the client leaves.
        let adding = tokio::spawn(async move {
            let added = inner
                .store
                .write(move |connection| invocations::add(connection, &new))
                .await;
            if let Ok(Added::New) = added {
                inner.schedule().enqueue(reserved, id);
                inner.wake.notify_one();
            } else {
                inner.schedule().release(reserved);
            }
            added
        });
        match adding.await.map_err(|_| StoreError::Closed)?? {
            Added::New => Ok(id),
            Added::Same(id) => Ok(id),
            Added::OtherRequest => Err(OfferError::OtherRequest),
        }
    }

    /// What was accepted under the key of an offer: that is told even if there is no room for another.
    async fn known(&self, offer: Offer) -> Result<Option<QueuedId>, OfferError> {
        if offer.key.is_none() {
            return Ok(None);
        }
        let read = move |connection: &_| {
            invocations::known(
                connection,
                &offer.function,
                offer.source,
                offer.key.as_ref(),
            )
        };
        match self.inner.store.read(read).await? {
            Some(Added::Same(id)) => Ok(Some(id)),
            Some(Added::OtherRequest) => Err(OfferError::OtherRequest),
            Some(Added::New) | None => Ok(None),
        }
    }

    /// An invocation with its result.
    pub(crate) async fn get(&self, id: QueuedId) -> Result<Option<Invocation>, StoreError> {
        let read = move |connection: &_| with_result(connection, invocations::get(connection, id)?);
        self.inner.store.read(read).await
    }

    /// An invocation by the name that its API has for it.
    pub(crate) async fn find(
        &self,
        source: &'static str,
        name: String,
    ) -> Result<Option<Invocation>, StoreError> {
        let read = move |connection: &_| {
            with_result(connection, invocations::find(connection, source, &name)?)
        };
        self.inner.store.read(read).await
    }

    /// Invocations without their results, the latest first.
    pub(crate) async fn list(
        &self,
        wanted: Wanted,
        limit: i64,
    ) -> Result<Vec<InvocationRow>, StoreError> {
        let read = move |connection: &_| invocations::list(connection, &wanted, limit);
        self.inner.store.read(read).await
    }

    /// Cancels an invocation; one that runs is ended.
    pub(crate) async fn cancel(&self, id: QueuedId) -> Result<(), ChangeError> {
        let now = Time::now();
        let expires = now.after(self.inner.options.retention);
        let cancel = move |connection: &_| invocations::cancel(connection, id, now, expires);
        let Some(function) = self.inner.store.write(cancel).await? else {
            return Err(self.unchanged(id).await?);
        };
        match self.inner.running().get_mut(&id) {
            Some(Begun::Running(attempt)) => attempt.abort(),
            Some(claiming) => *claiming = Begun::Cancelled,
            None => {}
        }
        // Its room is free for others, also before its turn comes.
        self.inner.schedule().remove(&function, id);
        Ok(())
    }

    /// Runs an invocation again that failed.
    pub(crate) async fn retry(&self, id: QueuedId) -> Result<(), ChangeError> {
        let Some(of) = self.get(id).await? else {
            return Err(ChangeError::NotFound);
        };
        let inner = self.inner.clone();
        let retrying = tokio::spawn(async move {
            let retry = move |connection: &_| invocations::retry(connection, id);
            let is_queued = inner.store.write(retry).await?;
            if is_queued {
                inner.schedule().restore(&of.row.function, id, 0, None);
                inner.wake.notify_one();
            }
            Ok::<_, StoreError>(is_queued)
        });
        match retrying.await.map_err(|_| StoreError::Closed)?? {
            true => Ok(()),
            false => Err(self.unchanged(id).await?),
        }
    }

    /// Why an invocation could not be changed.
    async fn unchanged(&self, id: QueuedId) -> Result<ChangeError, StoreError> {
        let found = self.get(id).await?;
        Ok(found.map_or(ChangeError::NotFound, |of| {
            ChangeError::WrongState(of.row.state.name())
        }))
    }

    /// How many invocations wait, and how many run.
    pub(crate) fn lengths(&self) -> (usize, usize) {
        let schedule = self.inner.schedule();
        (schedule.waiting(), schedule.running())
    }
}

impl Inner {
    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn running(&self) -> MutexGuard<'_, HashMap<QueuedId, Begun>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn runner(&self, source: &str) -> Arc<dyn Runner> {
        let runners = self.runners.read().unwrap_or_else(PoisonError::into_inner);
        runners.get(source).unwrap_or(&self.functions).clone()
    }
}

fn with_result(
    connection: &rusqlite::Connection,
    row: Option<InvocationRow>,
) -> rusqlite::Result<Option<Invocation>> {
    let Some(row) = row else { return Ok(None) };
    let result = match row.state.has_ended() {
        true => invocations::result(connection, row.id)?,
        false => None,
    };
    Ok(Some(Invocation { row, result }))
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (waiting, running) = self.lengths();
        f.debug_struct("Queue")
            .field("waiting", &waiting)
            .field("running", &running)
            .finish_non_exhaustive()
    }
}
