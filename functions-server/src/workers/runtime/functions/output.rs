//! `functions:web/output`: what workers print and log, once.

use wasmtime::Result;

use super::bindings::functions::web::output::{Host, Level, Stream};
use crate::workers::runtime::state::InstanceState;

impl Host for InstanceState {
    fn write(&mut self, to: Stream, bytes: Vec<u8>) -> Result<()> {
        match to {
            Stream::Stdout => self.stdout.print(&bytes),
            Stream::Stderr => self.stderr.print(&bytes),
        }
        Ok(())
    }

    /// The same in every run.
    fn least_level(&mut self) -> Result<Option<Level>> {
        Ok(Some(Level::Info))
    }

    fn log(
        &mut self,
        level: Level,
        target: String,
        message: String,
        fields: Vec<(String, String)>,
    ) -> Result<()> {
        if self.journal.is_replaying() {
            return Ok(());
        }
        let worker = &*self.requests.caller.worker;
        match level {
            Level::Trace | Level::Debug => {}
            Level::Info => tracing::info!(worker, of = target, ?fields, "{message:?}"),
            Level::Warn => tracing::warn!(worker, of = target, ?fields, "{message:?}"),
            Level::Error => tracing::error!(worker, of = target, ?fields, "{message:?}"),
        }
        Ok(())
    }
}
