//! The state that runs and requests share, and the events that they send to the task.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

use super::running_calls::RunningCalls;
use crate::dispatch::capacity::{Capacity, CapacityReservation};
use crate::dispatch::endpoint::Bases;
use crate::dispatch::entries::Run;
use crate::dispatch::options::DispatchOptions;
use crate::dispatch::reads::Reads;
use crate::dispatch::send::Sender;
use crate::store::calls::{self, After, End, UnfinishedCall};
use crate::store::{Store, StoreError};

/// The state that runs and requests share.
#[derive(Debug)]
pub(in crate::dispatch) struct SchedulerState {
    pub(in crate::dispatch) store: Arc<Store>,
    pub(in crate::dispatch) reads: Reads,
    pub(in crate::dispatch) sender: Sender,
    pub(in crate::dispatch) bases: Bases,
    pub(in crate::dispatch) options: DispatchOptions,
    pub(super) events: UnboundedSender<Event>,
    pub(in crate::dispatch) capacity: Arc<Capacity>,
    pub(in crate::dispatch) running: Arc<RunningCalls>,
}

/// An event that the task handles.
#[derive(Debug)]
pub(super) enum Event {
    /// New calls, with the room that was reserved for them.
    Added(Vec<UnfinishedCall>, CapacityReservation),
    Ran(Run, After, Option<CapacityReservation>),
    Ended(Vec<i64>),
    NotExpired(i64),
    Revived(UnfinishedCall),
}

impl SchedulerState {
    /// Ends a call, and the calls below it.
    pub(in crate::dispatch) async fn end(&self, call: i64, end: End) -> Result<(), StoreError> {
        let running = self.running.clone();
        let end = move |connection: &_| {
            calls::end_tree(connection, call, &end, &|call| running.started(call))
        };
        self.tell(Event::Ended(self.store.write(end).await?));
        Ok(())
    }

    pub(super) fn tell(&self, event: Event) {
        // It fails once the scheduler has stopped: the next start reads the store.
        let _ = self.events.send(event);
    }
}
