//! What the task that runs calls learns of.

use crate::dispatch::capacity::CapacityReservation;
use crate::dispatch::entries::Run;
use crate::store::calls::{After, UnfinishedCall};

/// An event that the task handles.
#[derive(Debug)]
pub(super) enum Event {
    /// The room that was reserved for these is theirs.
    Added(Vec<UnfinishedCall>, CapacityReservation),
    Ran(Run, After, Option<CapacityReservation>),
    Ended(Vec<i64>),
    NotExpired(i64),
    Revived(UnfinishedCall),
}
