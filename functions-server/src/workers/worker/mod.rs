//! A worker as its callers see it: its queue, who waits, and where it stands.

mod drive;
mod live;
mod loaded;
mod task;
mod transitions;
mod update;
mod view;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::{Notify, oneshot};

use super::check::Checked;
use super::error::WorkerError;
use super::instance::OwnedResource;
use super::journal::Outcome;
use crate::store::workers::{self, QueueRow, StoredState, WorkerRow};
use crate::store::{Store, StoreError};

pub(crate) use task::Context;
pub(super) use task::run;
pub(crate) use view::{Status, UpdateState, WorkerUpdate, WorkerView};

/// What a caller who waits gets.
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
    shared: Mutex<Shared>,
    /// The task has something to do.
    wake: Notify,
    /// The task has to stop what it does.
    stop: Notify,
    /// The task has stopped.
    stopped: Notify,
}

#[derive(Debug)]
struct Shared {
    queue: VecDeque<Queued>,
    /// Who waits for the invocation with a key, which waits, runs, or is not on the disk yet.
    keys: HashMap<String, Vec<oneshot::Sender<Answer>>>,
    /// The key of the invocation that runs.
    running: Option<String>,
    /// The workers that wait for the invocation that runs.
    origin: Option<Arc<str>>,
    phase: Phase,
    /// Whether there is a begun invocation to go on with.
    is_cut_off: bool,
    stop: Option<Stop>,
    /// Why the last interruption cannot be kept.
    stop_error: Option<WorkerError>,
    /// Room is needed: unload, unless there is something to do.
    is_to_unload: bool,
    has_task: bool,
    /// It takes nothing more: whoever has it looks for it again.
    is_closed: bool,
    /// The host cannot load it now.
    has_given_up: bool,
    next_number: u64,
    retries: u32,
    version: u64,
    updates: Vec<WorkerUpdate>,
    resources: BTreeMap<u64, OwnedResource>,
    memory: u64,
}

/// Where a worker stands.
#[derive(Debug, Clone, PartialEq)]
enum Phase {
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
    /// Go on in another process.
    Shutdown,
}

impl Stop {
    /// Whether the task does not go on.
    fn is_final(self) -> bool {
        matches!(self, Self::Delete | Self::Shutdown)
    }
}

/// An invocation that waits.
#[derive(Debug)]
struct Queued {
    /// Its number in the stored queue, if nobody waits for it.
    number: Option<u64>,
    key: String,
    text: String,
    params: String,
    /// `None`: from the stored queue, to be checked again.
    call: Option<Checked>,
    /// The workers that wait for it.
    origin: Option<Arc<str>>,
}

/// Says that something is on the disk.
pub(super) type Written = oneshot::Receiver<Result<(), StoreError>>;

/// An invocation in the stored queue.
pub(super) struct Kept {
    pub(super) number: u64,
    pub(super) written: Written,
}

/// Waits for a write.
pub(super) async fn written(written: Written) -> Result<(), WorkerError> {
    match written.await {
        Ok(written) => Ok(written?),
        Err(_) => Err(WorkerError::Unavailable("the store is closed".to_owned())),
    }
}

impl Worker {
    /// A worker as it is stored. `cut_off` is the key of an invocation that has begun and not ended.
    pub(super) fn new(row: WorkerRow, queue: Vec<QueueRow>, cut_off: Option<String>) -> Arc<Self> {
        let phase = match row.state {
            StoredState::Idle | StoredState::Running => Phase::Idle,
            StoredState::Interrupted => Phase::Interrupted,
            StoredState::Failed => Phase::Failed(row.error.clone().unwrap_or_default()),
            StoredState::Exited => Phase::Exited,
        };
        let is_cut_off = cut_off.is_some() && row.state == StoredState::Running;
        let queue = if row.state.is_over() {
            Vec::new()
        } else {
            queue
        };
        let shared = Shared {
            next_number: queue.last().map_or(0, |row| row.number + 1),
            keys: {
                let queued = queue.iter().map(|row| row.key.clone());
                queued.chain(cut_off).map(|key| (key, Vec::new())).collect()
            },
            queue: queue.into_iter().map(Queued::stored).collect(),
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

    /// Waits for the invocation with a key, if there is one, or else keeps the key for the caller, who says
    /// with [`submit`](Self::submit) or [`answer`](Self::answer) what becomes of it.
    pub(super) fn reserve(&self, key: &str) -> Reserved {
        let mut shared = self.shared();
        if shared.is_closed || shared.has_given_up {
            return Reserved::Closed;
        }
        let (sender, receiver) = oneshot::channel();
        match shared.keys.get_mut(key) {
            Some(waiters) => {
                waiters.push(sender);
                Reserved::Known(receiver)
            }
            None => {
                shared.keys.insert(key.to_owned(), vec![sender]);
                Reserved::New(receiver)
            }
        }
    }

    /// Adds an invocation whose key is reserved. With a store, it is kept there, and runs whatever becomes of
    /// the caller; what is returned says that it is on the disk.
    pub(super) fn submit(
        &self,
        call: Checked,
        key: String,
        origin: Option<Arc<str>>,
        store: Option<&Store>,
        capacity: usize,
    ) -> Result<Option<Kept>, WorkerError> {
        let mut shared = self.shared();
        match &shared.phase {
            Phase::Failed(why) => return Err(WorkerError::PreviousInvocationFailed(why.clone())),
            Phase::Exited => return Err(WorkerError::PreviousInvocationExited),
            _ => {}
        }
        if shared.is_closed || shared.has_given_up {
            return Err(WorkerError::unloading());
        }
        if shared.queue.len() >= capacity {
            return Err(WorkerError::QueueFull(shared.queue.len()));
        }
        // While this is locked, so that the write which takes it out of the queue comes later.
        let kept = match store {
            None => None,
            Some(store) => Some(self.keep(&mut shared, store, &call, &key)?),
        };
        shared.queue.push_back(Queued {
            number: kept.as_ref().map(|kept| kept.number),
            key,
            text: call.text.clone(),
            params: call.params.clone(),
            call: Some(call),
            origin,
        });
        if shared.phase == Phase::Interrupted {
            shared.phase = Phase::Idle;
            shared.is_cut_off = true;
        }
        Ok(kept)
    }

    fn keep(
        &self,
        shared: &mut Shared,
        store: &Store,
        call: &Checked,
        key: &str,
    ) -> Result<Kept, WorkerError> {
        let number = shared.next_number;
        let row = QueueRow {
            number,
            key: key.to_owned(),
            function: call.text.clone(),
            params: call.params.clone(),
        };
        let worker = self.id;
        // What was interrupted goes on, also after a restart.
        let goes_on = shared.phase == Phase::Interrupted;
        let written = store.submit(move |connection| {
            if goes_on {
                workers::set_state(connection, worker, StoredState::Running, None)?;
            }
            workers::enqueue(connection, worker, &row)
        })?;
        shared.next_number += 1;
        Ok(Kept { number, written })
    }

    /// Takes an invocation out of the queue that could not be kept there, if it has not begun.
    pub(super) fn withdraw(&self, number: u64) {
        let mut shared = self.shared();
        shared.queue.retain(|queued| queued.number != Some(number));
    }

    /// Answers whoever waits for the invocation with a key, which is over.
    pub(super) fn answer(&self, key: &str, answer: &Answer) {
        let waiters = self.shared().keys.remove(key).unwrap_or_default();
        for waiter in waiters {
            // The caller may have gone away.
            let _ = waiter.send(answer.clone());
        }
    }

    /// Answers everybody who waits, and empties the queue.
    fn answer_all(&self, error: &WorkerError) {
        let mut shared = self.shared();
        shared.queue.clear();
        let keys = std::mem::take(&mut shared.keys);
        drop(shared);
        for waiter in keys.into_values().flatten() {
            let _ = waiter.send(Err(error.clone()));
        }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What came of keeping a key.
pub(super) enum Reserved {
    Known(oneshot::Receiver<Answer>),
    New(oneshot::Receiver<Answer>),
    /// Look for the worker again.
    Closed,
}

impl Queued {
    fn stored(row: QueueRow) -> Self {
        Self {
            number: Some(row.number),
            key: row.key,
            text: row.function,
            params: row.params,
            call: None,
            origin: None,
        }
    }
}

/// What a caller gets of an outcome.
pub(super) fn answer_of(outcome: Outcome) -> Answer {
    match outcome {
        Outcome::Returned { typ, value } => Ok(Returned { typ, value }),
        Outcome::Failed(why) => Err(WorkerError::RuntimeError(why)),
        Outcome::Exited => Err(WorkerError::RuntimeError("Process exited".to_owned())),
        Outcome::Refused(why) => Err(WorkerError::BadCall(vec![why])),
    }
}
