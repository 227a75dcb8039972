//! A component, ready to be instantiated.

use std::sync::Arc;

use wasmtime::component::InstancePre;

use crate::workers::components::ComponentVersion;
use crate::workers::exports::Exports;
use crate::workers::runtime::{HostLinker, State};

/// A compiled and linked version of a component.
pub(crate) struct Code {
    pub(crate) exports: Exports,
    pub(super) pre: InstancePre<State>,
}

impl Code {
    /// Compiles and links a component. Blocks for as long as that takes.
    pub(crate) fn link(
        linker: &HostLinker,
        version: &ComponentVersion,
    ) -> wasmtime::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            exports: version.exports.clone(),
            pre: linker.instantiate_pre(&version.component()?)?,
        }))
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Code").finish_non_exhaustive()
    }
}
