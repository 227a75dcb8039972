//! Asynchronous invocations.
//!
//! An accepted invocation is on the disk, and runs at least once: a start runs again those that had not ended.
//! An attempt that fails is tried again, and one that failed too often stays as a dead letter until its time is
//! over.
//!
//! An API that accepts invocations has a source: a name, under which it may register a [`Runner`]. Otherwise
//! the request goes to the function as it was accepted.

mod attempt;
mod change;
mod message;
mod offer;
mod policy;
mod read;
mod runner;
mod schedule;
mod start;
mod sweep;

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::Duration;

use host_harness::Harness;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

pub(crate) use change::ChangeError;
pub(crate) use message::{RequestHead, ResponseHead};
pub(crate) use offer::{Offer, OfferError};
pub(crate) use read::StoredInvocation;
pub(crate) use runner::{
    AttemptOutcome, AttemptRequest, Freed, HOST_PAUSE, QueuePosition, Runner, StartAttempt,
    only_waited,
};

use crate::deployments::Deployments;
use crate::store::invocations::{self, Expiry, QueuedId};
use crate::store::{Store, StoreError, Time};
use runner::FunctionRunner;
use schedule::{QueueLimits, Schedule};

/// The longest body of a request that is accepted, in bytes.
pub(crate) const MAX_BODY: usize = 8 << 20;

/// How many bytes of bodies wait at most, of all functions.
const MAX_WAITING_BYTES: u64 = 1 << 30;

/// How many attempts run at once at most; a host for fewer requests runs half as many.
const MAX_RUNNING: usize = 256;

/// How often the process may end during an invocation before that counts as failed.
const MAX_INTERRUPTIONS: u32 = 10;

/// The options of a queue.
#[derive(Debug, Clone)]
pub(crate) struct QueueOptions {
    /// How many invocations wait at most.
    pub(crate) capacity: usize,
    /// How long outcomes are kept.
    pub(crate) retention: Duration,
    /// The same, of sources that have their own time.
    pub(crate) retentions: Vec<(&'static str, Duration)>,
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self {
            capacity: 100_000,
            retention: Duration::from_secs(24 * 3600),
            retentions: Vec::new(),
        }
    }
}

impl QueueOptions {
    /// When what ends now is over.
    fn expiry(&self, now: Time) -> Expiry {
        let own = self.retentions.iter();
        Expiry {
            default: now.after(self.retention),
            own: own
                .map(|(source, retention)| (*source, now.after(*retention)))
                .collect(),
        }
    }
}

/// A durable queue. Clones are cheap, and share one.
#[derive(Clone)]
pub(crate) struct Queue {
    inner: Arc<QueueInner>,
}

/// The state of an attempt that has begun.
enum AttemptState {
    /// It is being written that it runs.
    Claiming,
    /// It was cancelled meanwhile.
    Cancelled,
    Running(AbortHandle),
}

/// A queue that may be gone. It keeps neither the store nor the host alive.
#[derive(Clone)]
pub(crate) struct WeakQueue(Weak<QueueInner>);

impl WeakQueue {
    pub(crate) fn upgrade(&self) -> Option<Queue> {
        self.0.upgrade().map(|inner| Queue { inner })
    }
}

struct QueueInner {
    store: Arc<Store>,
    deployments: Arc<Deployments>,
    options: QueueOptions,
    functions: Arc<dyn Runner>,
    runners: RwLock<HashMap<&'static str, Arc<dyn Runner>>>,
    schedule: Mutex<Schedule>,
    running: Mutex<HashMap<QueuedId, AttemptState>>,
    /// There may be something to run.
    freed: Freed,
    /// An attempt has ended.
    ended: Notify,
    is_started: AtomicBool,
    is_stopping: AtomicBool,
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
        let expiry = options.expiry(now);
        let recover =
            move |connection: &_| invocations::recover(connection, MAX_INTERRUPTIONS, now, &expiry);
        let unfinished = store.write_blocking(recover)?;
        let concurrency = usize::try_from(harness.limits().concurrency).unwrap_or(MAX_RUNNING);
        let mut schedule = Schedule::new(QueueLimits {
            capacity: options.capacity,
            bytes: MAX_WAITING_BYTES,
            running: (concurrency / 2).clamp(1, MAX_RUNNING),
        });
        for of in unfinished {
            let length = of.length.unsigned_abs();
            schedule.restore(&of.source, &of.function, of.id, length, of.due);
        }
        Ok(Self {
            inner: Arc::new(QueueInner {
                store,
                deployments,
                options,
                functions: Arc::new(FunctionRunner(harness)),
                runners: RwLock::default(),
                schedule: Mutex::new(schedule),
                running: Mutex::default(),
                freed: Freed::default(),
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

    /// Tells this queue that attempts may have room which had none.
    pub(crate) fn freed(&self) -> Freed {
        self.inner.freed.clone()
    }

    /// How many invocations wait, and how many run.
    pub(crate) fn lengths(&self) -> (usize, usize) {
        let schedule = self.inner.schedule();
        (schedule.waiting(), schedule.running())
    }
}

impl QueueInner {
    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn running(&self) -> MutexGuard<'_, HashMap<QueuedId, AttemptState>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn runner(&self, source: &str) -> Arc<dyn Runner> {
        let runners = self.runners.read().unwrap_or_else(PoisonError::into_inner);
        runners.get(source).unwrap_or(&self.functions).clone()
    }
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
