use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::store::Time;

/// The calls that run now, and since when. Writes own this and not what has the store: the last of them would close
/// the store on its own thread.
#[derive(Debug, Default)]
pub(crate) struct RunningCalls(Mutex<HashMap<i64, Time>>);

impl RunningCalls {
    pub(super) fn begin(&self, call: i64, started: Time) {
        self.calls().insert(call, started);
    }

    pub(super) fn end(&self, call: i64) {
        self.calls().remove(&call);
    }

    /// When the attempt of a call began that is in flight.
    pub(crate) fn started(&self, call: i64) -> Option<Time> {
        self.calls().get(&call).copied()
    }

    fn calls(&self) -> MutexGuard<'_, HashMap<i64, Time>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
