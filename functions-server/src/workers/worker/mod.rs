//! A worker as its callers see it: its queue, the clients that wait, and its state.

mod context;
mod drive;
mod execution_error;
mod instantiate;
mod live;
mod loaded;
mod queue;
mod snapshot;
mod stopping;
mod task;
mod task_state;
mod transitions;
mod update;
mod view;
mod waiting_bytes;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::{Notify, oneshot};

use super::error::WorkerError;
use super::instance::OwnedResource;
use super::journal::InvocationOutcome;
use crate::store::workers::{QueueRow, StoredState, WorkerRow};

pub(crate) use context::Context;
use queue::Queued;
pub(super) use queue::{PendingWrite, QueueRelease, Submitted, written};
pub(super) use task::run;
pub(crate) use view::{Status, UpdateState, WorkerUpdate, WorkerView};

/// What a client that waits gets.
pub(crate) type Answer = Result<Returned, WorkerError>;

/// What an invocation returned. Both are JSON.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Returned {
    pub(crate) typ: String,
    pub(crate) value: String,
}

/// A worker that somebody has asked for.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) id: i64,
    pub(super) component: String,
    pub(super) name: String,
    row: WorkerRow,
    recency: loaded::Recency,
    /// What waits in its queue.
    waiting: waiting_bytes::ByteCounter,
    shared: Mutex<WorkerState>,
    /// The task has something to do.
    wake: Notify,
    /// The task has to stop what it does.
    stop: Notify,
    /// The task has stopped.
    stopped: Notify,
}

/// The state that the callers and the task of a worker share.
#[derive(Debug)]
struct WorkerState {
    queue: VecDeque<Queued>,
    /// The clients that wait for the invocation with a key, which waits, runs, or is not on the disk yet.
    keys: HashMap<String, Vec<oneshot::Sender<Answer>>>,
    /// The key of the invocation that runs.
    running: Option<String>,
    /// The workers that wait for the invocation that runs.
    origin: Option<Arc<str>>,
    phase: WorkerPhase,
    /// Whether there is a begun invocation to continue with.
    is_cut_off: bool,
    stop: Option<Stop>,
    /// Why the last interruption cannot be kept.
    stop_error: Option<WorkerError>,
    /// Room is needed: unload, unless there is something to do.
    is_to_unload: bool,
    has_task: bool,
    /// It takes no further invocations: holders of it look the worker up again.
    is_closed: bool,
    /// The host cannot load it now.
    has_given_up: bool,
    /// Its component cannot save it.
    keeps_journal: bool,
    /// Why nothing of the stored queue can begin: the journal is full. It waits until there is room again.
    full: Option<String>,
    next_number: u64,
    retries: u32,
    version: u64,
    updates: Vec<WorkerUpdate>,
    resources: BTreeMap<u64, OwnedResource>,
    memory: u64,
}

/// The phase of a worker.
#[derive(Debug, Clone, PartialEq)]
enum WorkerPhase {
    Idle,
    Running,
    Retrying,
    Interrupted,
    /// What runs sleeps until then, without an instance.
    Suspended(SystemTime),
    Failed(String),
    Exited,
}

/// Why a task has to stop what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    Interrupt,
    /// Begin again at once.
    Restart,
    Delete,
    /// Continue in another process.
    Shutdown,
}

impl Stop {
    /// Whether the task does not continue.
    fn is_final(self) -> bool {
        matches!(self, Self::Delete | Self::Shutdown)
    }
}

impl Worker {
    /// A worker as it is stored. `cut_off` is the key of an invocation that has begun and not ended.
    pub(super) fn new(row: WorkerRow, queue: Vec<QueueRow>, cut_off: Option<String>) -> Arc<Self> {
        let phase = match row.state {
            StoredState::Idle | StoredState::Running => WorkerPhase::Idle,
            StoredState::Interrupted => WorkerPhase::Interrupted,
            StoredState::Failed => WorkerPhase::Failed(row.error.clone().unwrap_or_default()),
            StoredState::Exited => WorkerPhase::Exited,
        };
        let is_cut_off = cut_off.is_some() && row.state == StoredState::Running;
        let queue = if row.state.is_over() {
            Vec::new()
        } else {
            queue
        };
        let waiting = waiting_bytes::ByteCounter::default();
        let shared = WorkerState {
            next_number: queue.last().map_or(0, |row| row.number + 1),
            keys: {
                let queued = queue.iter().map(|row| row.key.clone());
                queued.chain(cut_off).map(|key| (key, Vec::new())).collect()
            },
            queue: {
                let queue = queue.into_iter();
                queue.map(|row| Queued::stored(row, &waiting)).collect()
            },
            running: None,
            origin: None,
            phase,
            is_cut_off,
            stop: None,
            stop_error: None,
            is_to_unload: false,
            has_task: false,
            is_closed: false,
            has_given_up: false,
            keeps_journal: false,
            full: None,
            retries: 0,
            version: row.version,
            updates: serde_json::from_str(&row.updates).unwrap_or_default(),
            resources: serde_json::from_str(&row.resources).unwrap_or_default(),
            memory: row.memory_used,
        };
        Arc::new(Self {
            id: row.id,
            component: row.component.clone(),
            name: row.name.clone(),
            row,
            recency: loaded::Recency::default(),
            waiting,
            shared: Mutex::new(shared),
            wake: Notify::new(),
            stop: Notify::new(),
            stopped: Notify::new(),
        })
    }

    /// The version of the component that it runs.
    pub(super) fn version(&self) -> u64 {
        self.shared().version
    }

    /// Waits for the invocation with a key, if there is one, or else reserves the key for the caller, which
    /// then has to [`submit`](Self::submit) or [`answer`](Self::answer) it.
    pub(super) fn reserve(&self, key: &str) -> KeyReservation {
        let mut shared = self.shared();
        if shared.is_closed || shared.has_given_up {
            return KeyReservation::Closed;
        }
        let (sender, receiver) = oneshot::channel();
        if let Some(full) = shared.stalled(key) {
            let _ = sender.send(Err(full));
            return KeyReservation::Known(receiver);
        }
        match shared.keys.get_mut(key) {
            Some(waiters) => {
                waiters.push(sender);
                KeyReservation::Known(receiver)
            }
            None => {
                shared.keys.insert(key.to_owned(), vec![sender]);
                KeyReservation::New(receiver)
            }
        }
    }

    /// Waits once more for an invocation that was interrupted. `None`: it is not to continue here.
    pub(super) fn await_again(&self, key: &str) -> Option<oneshot::Receiver<Answer>> {
        let mut shared = self.shared();
        let waiters = shared.keys.get_mut(key)?;
        let (sender, receiver) = oneshot::channel();
        waiters.push(sender);
        Some(receiver)
    }

    /// Answers the clients that wait for the invocation with a key, which has ended.
    pub(super) fn answer(&self, key: &str, answer: &Answer) {
        let waiters = self.shared().keys.remove(key).unwrap_or_default();
        for waiter in waiters {
            // The caller may have gone away.
            let _ = waiter.send(answer.clone());
        }
    }

    /// Answers all clients that wait, and empties the queue.
    fn answer_all(&self, error: &WorkerError) {
        let mut shared = self.shared();
        shared.queue.clear();
        let keys = std::mem::take(&mut shared.keys);
        drop(shared);
        for waiter in keys.into_values().flatten() {
            let _ = waiter.send(Err(error.clone()));
        }
    }

    fn shared(&self) -> MutexGuard<'_, WorkerState> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The outcome of reserving a key.
pub(super) enum KeyReservation {
    Known(oneshot::Receiver<Answer>),
    New(oneshot::Receiver<Answer>),
    /// Look for the worker again.
    Closed,
}

/// What a caller gets of an outcome.
pub(super) fn answer_of(outcome: InvocationOutcome) -> Answer {
    match outcome {
        InvocationOutcome::Returned { typ, value } => Ok(Returned { typ, value }),
        InvocationOutcome::Failed(why) => Err(WorkerError::RuntimeError(why)),
        InvocationOutcome::Exited => Err(WorkerError::RuntimeError("Process exited".to_owned())),
        InvocationOutcome::Refused(why) => Err(WorkerError::BadCall(vec![why])),
    }
}
