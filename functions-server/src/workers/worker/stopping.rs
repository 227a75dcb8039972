//! Stops what a worker does, and lets it continue.

use super::{Stop, Worker, WorkerPhase};
use crate::workers::error::WorkerError;

impl Worker {
    /// Asks the task to stop what it does. `false`: it does nothing that could be stopped.
    pub(in crate::workers) fn ask_to_stop(&self, stop: Stop) -> bool {
        let mut shared = self.shared();
        let is_busy = matches!(shared.phase, WorkerPhase::Running | WorkerPhase::Retrying)
            || shared.is_cut_off
            || !shared.queue.is_empty();
        if !shared.has_task || !(stop.is_final() || is_busy) {
            shared.is_closed |= stop.is_final();
            return false;
        }
        // Nothing undoes a deletion.
        if !shared.stop.is_some_and(Stop::is_final) {
            shared.stop = Some(stop);
        }
        shared.is_closed |= stop.is_final();
        drop(shared);
        self.stop.notify_one();
        self.wake.notify_one();
        true
    }

    /// An interruption that cannot be kept.
    pub(super) fn set_stop_error(&self, error: WorkerError) {
        self.shared().stop_error = Some(error);
    }

    pub(in crate::workers) fn take_stop_error(&self) -> Option<WorkerError> {
        self.shared().stop_error.take()
    }

    /// Returns once the task has stopped what it did.
    pub(in crate::workers) async fn stopped(&self) {
        loop {
            let stopped = self.stopped.notified();
            if self.shared().stop.is_none() {
                return;
            }
            stopped.await;
        }
    }

    /// Tells clients that wait that the worker was interrupted. Queued invocations stay in the queue.
    pub(super) fn interrupted(&self) {
        let mut shared = self.shared();
        shared.phase = WorkerPhase::Interrupted;
        shared.running = None;
        shared.is_cut_off = true;
        shared.stop = shared.stop.filter(|stop| stop.is_final());
        let waiters: Vec<_> = shared.keys.values_mut().flat_map(std::mem::take).collect();
        drop(shared);
        for waiter in waiters {
            let _ = waiter.send(Err(WorkerError::Interrupted));
        }
        self.stopped.notify_waiters();
    }

    pub(super) fn restarted(&self) {
        let mut shared = self.shared();
        shared.phase = WorkerPhase::Idle;
        shared.running = None;
        shared.is_cut_off = true;
        shared.stop = shared.stop.filter(|stop| stop.is_final());
        drop(shared);
        self.stopped.notify_waiters();
        self.wake.notify_one();
    }

    pub(super) fn task_ended(&self) {
        let mut shared = self.shared();
        shared.has_task = false;
        shared.stop = None;
        drop(shared);
        self.stopped.notify_waiters();
    }

    pub(in crate::workers) fn is_interrupted(&self) -> bool {
        self.shared().phase == WorkerPhase::Interrupted
    }

    /// Lets an interrupted worker continue. `false`: it is over, or runs.
    pub(in crate::workers) fn resume(&self) -> bool {
        let mut shared = self.shared();
        match shared.phase {
            WorkerPhase::Interrupted | WorkerPhase::Suspended(_) => {
                shared.phase = WorkerPhase::Idle;
                shared.is_cut_off = true;
                true
            }
            WorkerPhase::Idle => shared.running.is_none(),
            _ => false,
        }
    }
}
