//! A version of a component, as it is stored.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use host_harness::ComponentEngine;
use uuid::Uuid;
use wasmtime::component::Component;

use super::unsigned;
use crate::store::components::ComponentRow;
use crate::workers::component_error::{ComponentError, reason};
use crate::workers::exports::FunctionIndex;
use crate::workers::metadata::Metadata;

/// A version of a component.
pub(crate) struct ComponentVersion {
    pub(crate) id: Uuid,
    pub(crate) name: Arc<str>,
    pub(crate) version: u64,
    pub(crate) is_ephemeral: bool,
    /// Whether there may be workers of the component: this version or an earlier one is durable.
    pub(crate) may_have_workers: bool,
    /// What workers find in their environment, unless they have their own.
    pub(crate) env: BTreeMap<String, String>,
    /// The size of the file, in bytes.
    pub(crate) size: i64,
    pub(crate) functions: FunctionIndex,
    file: PathBuf,
}

impl ComponentVersion {
    pub(super) fn new(
        row: ComponentRow,
        file: PathBuf,
        may_have_workers: bool,
    ) -> Result<Self, ComponentError> {
        let unreadable = |error: serde_json::Error| {
            ComponentError::Host(format!("its stored metadata cannot be read: {error}"))
        };
        let metadata: Metadata = serde_json::from_str(&row.metadata).map_err(unreadable)?;
        Ok(Self {
            id: row.id,
            name: row.name.into(),
            version: unsigned(row.number),
            is_ephemeral: row.is_ephemeral,
            may_have_workers,
            env: serde_json::from_str(&row.env).map_err(unreadable)?,
            size: row.size,
            functions: FunctionIndex::new(metadata.exports),
            file,
        })
    }

    /// Compiles the component for an engine. Blocks while it is compiled, or read from the cache.
    pub(crate) fn compile(&self, engine: &ComponentEngine) -> Result<Component, ComponentError> {
        let compiled = engine.compile(self.file.clone());
        compiled.map_err(|error| {
            // Clients have no use for where the host keeps it.
            let file = self.file.display().to_string();
            let named = format!("component {} version {}", self.name, self.version);
            ComponentError::Host(reason(&error).replace(&file, &named))
        })
    }
}

impl std::fmt::Debug for ComponentVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = f.debug_struct("ComponentVersion");
        debug.field("id", &self.id).field("version", &self.version);
        debug.finish_non_exhaustive()
    }
}
