//! What the task that runs calls learns of.

use crate::dispatch::capacity::Reservation;
use crate::dispatch::entries::Run;
use crate::store::calls::{After, Unfinished};

/// An event that the task handles.
#[derive(Debug)]
pub(super) enum Event {
    /// The room that was reserved for these is theirs.
    Added(Vec<Unfinished>, Reservation),
    Ran(Run, After, Option<Reservation>),
    Ended(Vec<i64>),
    NotExpired(i64),
    Revived(Unfinished),
}
