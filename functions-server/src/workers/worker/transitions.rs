//! How a worker gets from one state to the next.

use std::sync::Arc;
use std::time::SystemTime;

use super::{PendingWrite, Queued, UpdateState, Worker, WorkerPhase, WorkerState, WorkerUpdate};
use crate::store::workers;
use crate::store::{Store, Time};
use crate::workers::error::WorkerError;
use crate::workers::instance::Instance;

impl Worker {
    /// Whether the caller has to start the task, since there is something to do and none runs.
    pub(in crate::workers) fn needs_task(&self) -> bool {
        let mut shared = self.shared();
        let is_new = !shared.has_task && !shared.is_closed;
        shared.has_task |= is_new;
        drop(shared);
        self.wake.notify_one();
        is_new
    }

    /// Ends the task, unless there is something to do. Returns whether it ends, and whether the worker has
    /// nothing in memory that is not on the disk.
    pub(in crate::workers) fn try_close(&self) -> (bool, bool) {
        let mut shared = self.shared();
        let is_unused = shared.is_unused();
        let is_waiting =
            matches!(shared.phase, WorkerPhase::Idle) && !is_unused && !shared.has_given_up;
        if is_waiting || shared.stop.is_some() {
            return (false, false);
        }
        // What is interrupted may wait for long: without a task, but known.
        let is_closed = is_unused || shared.has_given_up;
        if matches!(shared.phase, WorkerPhase::Failed(_) | WorkerPhase::Exited) && !is_closed {
            return (false, false);
        }
        shared.is_closed |= is_closed;
        shared.has_task = false;
        (true, is_closed)
    }

    pub(super) fn set_phase(&self, phase: WorkerPhase, retries: u32) {
        let mut shared = self.shared();
        if matches!(phase, WorkerPhase::Failed(_) | WorkerPhase::Exited) {
            shared.running = None;
        }
        shared.phase = phase;
        shared.retries = retries;
    }

    /// An invocation continues that had begun before the worker was loaded.
    pub(super) fn set_running(&self, key: &str) {
        let mut shared = self.shared();
        shared.phase = WorkerPhase::Running;
        shared.running = Some(key.to_owned());
        shared.keys.entry(key.to_owned()).or_default();
    }

    /// The invocation that runs sleeps until then.
    pub(super) fn suspend(&self, until: SystemTime) {
        let mut shared = self.shared();
        shared.phase = WorkerPhase::Suspended(until);
        shared.is_cut_off = true;
    }

    /// An invocation begins for which these workers wait.
    pub(super) fn set_origin(&self, origin: Option<Arc<str>>) {
        self.shared().origin = origin;
    }

    /// The workers that wait for an invocation which continues. After a restart, they are gone.
    pub(super) fn origin(&self, key: &str) -> Option<Arc<str>> {
        let shared = self.shared();
        let origin = shared.origin.clone();
        origin.filter(|_| shared.running.as_deref() == Some(key))
    }

    /// An invocation has ended. Returns whether the worker has something else than before.
    pub(super) fn ended(&self, instance: &Instance) -> bool {
        let mut shared = self.shared();
        shared.phase = WorkerPhase::Idle;
        shared.retries = 0;
        shared.running = None;
        shared.note_usage(instance)
    }

    pub(super) fn set_usage(&self, instance: &Instance) {
        self.shared().note_usage(instance);
    }

    /// The resources as JSON, and the length of all memories.
    pub(super) fn usage(&self) -> (String, u64) {
        let shared = self.shared();
        let resources = serde_json::to_string(&shared.resources).unwrap_or_default();
        (resources, shared.memory)
    }

    /// The task has nothing to do now.
    pub(super) fn set_idle(&self) {
        let mut shared = self.shared();
        if matches!(shared.phase, WorkerPhase::Running | WorkerPhase::Retrying) {
            shared.phase = WorkerPhase::Idle;
            shared.running = None;
        }
    }

    /// The numbers of what waits in the stored queue, which is never to run.
    pub(super) fn take_stored(&self) -> Vec<u64> {
        let shared = self.shared();
        shared
            .queue
            .iter()
            .filter_map(|queued| queued.number)
            .collect()
    }

    /// What was taken from the queue, and did not begin.
    pub(super) fn put_back(&self, queued: Option<Queued>) {
        if let Some(queued) = queued {
            self.shared().queue.push_front(queued);
        }
    }

    /// The host cannot load the worker: clients that wait are told, and stored invocations are tried again later.
    pub(super) fn give_up(&self, error: &WorkerError) {
        self.shared().has_given_up = true;
        self.answer_all(error);
    }

    pub(in crate::workers) fn has_given_up(&self) -> bool {
        self.shared().has_given_up
    }

    /// Whether holders of this worker have to look it up again.
    pub(in crate::workers) fn is_closed(&self) -> bool {
        let shared = self.shared();
        shared.is_closed || shared.has_given_up
    }

    /// Its journal is not shortened any longer, since its component cannot save it.
    pub(super) fn keep_journal(&self) {
        self.shared().keeps_journal = true;
    }

    pub(super) fn keeps_journal(&self) -> bool {
        self.shared().keeps_journal
    }

    /// Whether something waits that is stored.
    pub(in crate::workers) fn has_work(&self) -> bool {
        let shared = self.shared();
        shared.is_cut_off || !shared.queue.is_empty() || shared.pending_update().is_some()
    }

    /// Asks an idle worker to unload. `false`: it has something to do.
    pub(super) fn ask_to_unload(&self) -> bool {
        let mut shared = self.shared();
        // It has nothing loaded.
        if matches!(shared.phase, WorkerPhase::Suspended(_)) {
            return true;
        }
        let is_idle = shared.running.is_none()
            && !matches!(shared.phase, WorkerPhase::Running | WorkerPhase::Retrying)
            && shared.is_unused();
        if is_idle && shared.has_task {
            shared.is_to_unload = true;
            drop(shared);
            self.wake.notify_one();
        }
        is_idle
    }

    /// Asks for another version of the component. What is returned says that this is on the disk.
    pub(in crate::workers) fn ask_to_update(
        &self,
        target: u64,
        store: &Store,
    ) -> Result<PendingWrite, WorkerError> {
        let mut shared = self.shared();
        match &shared.phase {
            WorkerPhase::Failed(why) => {
                return Err(WorkerError::PreviousInvocationFailed(why.clone()));
            }
            WorkerPhase::Exited => return Err(WorkerError::PreviousInvocationExited),
            _ if shared.is_closed || shared.has_given_up => return Err(WorkerError::unloading()),
            _ => {}
        }
        shared.updates.push(WorkerUpdate {
            state: UpdateState::Pending,
            at: Time::now().0,
            target,
            details: None,
        });
        // While this is locked, so that the write of its outcome comes later.
        let (id, version) = (self.id, shared.version);
        let updates = serde_json::to_string(&shared.updates).unwrap_or_default();
        let written =
            store.submit(move |connection| workers::set_updates(connection, id, version, &updates));
        written.map_err(|error| {
            shared.updates.pop();
            error.into()
        })
    }

    /// Forgets an update that could not be kept, unless it has run.
    pub(in crate::workers) fn withdraw_update(&self, target: u64) {
        let mut shared = self.shared();
        let is_withdrawn =
            |update: &WorkerUpdate| update.state == UpdateState::Pending && update.target == target;
        shared.updates.retain(|update| !is_withdrawn(update));
    }

    /// Takes an invocation out of the queue, whose key is still kept. Returns its number if it is stored, and
    /// `None` if it is not in the queue.
    pub(in crate::workers) fn cancel(&self, key: &str) -> Option<Option<u64>> {
        let mut shared = self.shared();
        let place = shared.queue.iter().position(|queued| queued.key == key)?;
        let queued = shared.queue.remove(place)?;
        Some(queued.number)
    }

    /// Whether an invocation with this key is known and has no result yet.
    pub(in crate::workers) fn knows(&self, key: &str) -> bool {
        self.shared().keys.contains_key(key)
    }
}

impl WorkerState {
    fn note_usage(&mut self, instance: &Instance) -> bool {
        let (resources, memory) = (instance.resources(), instance.memory());
        if self.resources == resources && self.memory == memory {
            return false;
        }
        self.resources = resources;
        self.memory = memory;
        true
    }

    pub(super) fn pending_update(&self) -> Option<u64> {
        let pending = self.updates.iter().rev();
        let mut pending = pending.filter(|update| update.state == UpdateState::Pending);
        pending.next().map(|update| update.target)
    }
}
