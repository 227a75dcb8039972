//! What an instance saves of itself, and a new one that becomes the same.

use wasmtime::{Result, format_err};

use super::Instance;
use crate::workers::journal::Snapshot;
use crate::workers::snapshot_functions::{LOAD, SAVE};

/// How much of the reason why a component refuses a snapshot is kept, in bytes.
const MAX_REASON: usize = 2 << 10;

impl Instance {
    /// Whether a new one can take its place: clients have no handles of it, and it waits for nothing.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.code.snapshots.is_some()
            && self.handles.list().is_empty()
            && !self.store.data().has_requests()
    }

    /// Lets the component save what it is. The instance cannot be used any longer.
    ///
    /// # Errors
    ///
    /// The component traps or sends a request.
    pub(crate) async fn save(&mut self) -> Result<Snapshot> {
        let snapshots = self.code.snapshots.clone();
        let snapshots =
            snapshots.ok_or_else(|| format_err!("the component does not save itself"))?;
        self.store.data_mut().set_quiet(true);
        let function = self.function(Some(&snapshots.save), SAVE)?;
        let function = function.typed::<(), (Vec<u8>,)>(&self.store)?;
        let (state,) = function.call_async(&mut self.store, ()).await?;
        let (begun, clock) = self.store.data().position();
        Ok(Snapshot {
            state,
            begun,
            clock,
            resources: self.handles.next(),
        })
    }

    /// Lets the component become what it was. For a new instance.
    ///
    /// # Errors
    ///
    /// The component traps, refuses, or has sent a request.
    pub(crate) async fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let snapshots = self.code.snapshots.clone();
        let snapshots =
            snapshots.ok_or_else(|| format_err!("the component does not load what was saved"))?;
        if self.store.data().position().0 > 0 {
            return Err(format_err!(
                "the component sends requests before it is called"
            ));
        }
        self.store
            .data_mut()
            .go_on_at(snapshot.begun, snapshot.clock);
        self.handles.go_on_at(snapshot.resources);
        self.store.data_mut().set_quiet(true);
        let function = self.function(Some(&snapshots.load), LOAD)?;
        let function =
            function.typed::<(&[u8],), (std::result::Result<(), String>,)>(&self.store)?;
        let (loaded,) = function
            .call_async(&mut self.store, (&snapshot.state,))
            .await?;
        self.store.data_mut().set_quiet(false);
        loaded.map_err(|mut error| {
            error.truncate(error.floor_char_boundary(MAX_REASON));
            format_err!("the component refuses: {error}")
        })
    }
}
