use std::sync::Arc;

use http::StatusCode;

use super::counters::FunctionCounters;
use super::reason::Reason;

/// An invocation that will be counted: as cancelled if it is dropped before it has ended.
pub(crate) struct PendingCount(Option<Arc<FunctionCounters>>);

impl PendingCount {
    pub(crate) fn new(counters: &Arc<FunctionCounters>) -> Self {
        Self(Some(Arc::clone(counters)))
    }

    /// Counts nothing: there is no invocation yet.
    pub(crate) fn forget(&mut self) {
        self.0 = None;
    }

    /// Counts the invocation.
    pub(crate) fn end(&mut self, status: StatusCode, reason: Reason) {
        if let Some(counters) = self.0.take() {
            counters.ended(status, reason);
        }
    }
}

impl Drop for PendingCount {
    fn drop(&mut self) {
        if let Some(counters) = self.0.take() {
            counters.ended(StatusCode::default(), Reason::Cancelled);
        }
    }
}
