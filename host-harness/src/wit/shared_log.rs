use std::sync::{Arc, Mutex};

use crate::invocation::Invocation;
use crate::telemetry::InvocationLog;

/// An invocation's log, created on first use. `functions:web/output` and WASI's streams share it.
#[derive(Default)]
pub(super) struct SharedLog(pub(super) Option<Arc<Mutex<InvocationLog>>>);

impl SharedLog {
    /// The log of this invocation, to be shared with its WASI streams.
    pub(super) fn of(&mut self, call: &Invocation) -> &Arc<Mutex<InvocationLog>> {
        self.0.get_or_insert_with(|| {
            let function = &call.function;
            let name = Arc::clone(&function.name);
            let request = call.request_id.clone();
            let log = InvocationLog::new(function.output.clone(), name, call.id, request);
            Arc::new(Mutex::new(log))
        })
    }
}
