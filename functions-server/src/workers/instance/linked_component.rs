//! A component, ready to be instantiated.

use std::collections::HashMap;
use std::sync::Arc;

use host_harness::SlotOwner;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre};

use crate::workers::components::ComponentVersion;
use crate::workers::engines::LinkedEngine;
use crate::workers::exports::Exports;
use crate::workers::runtime::InstanceState;
use crate::workers::snapshot_functions::SnapshotFunctions;

/// A compiled and linked version of a component.
pub(crate) struct LinkedComponent {
    pub(crate) version: Arc<ComponentVersion>,
    pub(super) pre: InstancePre<InstanceState>,
    exports: Indices,
    /// What saves and loads it.
    pub(super) snapshots: Option<SnapshotFunctions>,
    /// What the slots of its instances belong to.
    pub(crate) owner: SlotOwner,
    /// How many linear memories an instance has.
    pub(crate) memories: u32,
}

/// Where a component exports its functions: by instance, which is empty for the component itself, and by name.
type Indices = HashMap<String, HashMap<String, ComponentExportIndex>>;

impl LinkedComponent {
    /// Compiles and links a component. Blocks for as long as that takes.
    pub(crate) fn link(
        linked: &LinkedEngine,
        version: Arc<ComponentVersion>,
    ) -> wasmtime::Result<Arc<Self>> {
        let component = version.compile(&linked.engine)?;
        let required = component.resources_required();
        Ok(Arc::new(Self {
            exports: indices(&component, version.functions.exports()),
            snapshots: SnapshotFunctions::of(version.functions.exports()),
            memories: required.map_or(0, |required| required.num_memories),
            owner: SlotOwner::new(&version.name),
            pre: linked.linker.instantiate_pre(&component)?,
            version,
        }))
    }

    /// Where a function is, as the component exports it.
    pub(super) fn export(&self, site: Option<&str>, name: &str) -> Option<&ComponentExportIndex> {
        self.exports.get(site.unwrap_or_default())?.get(name)
    }
}

fn indices(component: &Component, exports: &Exports) -> Indices {
    let mut indices = Indices::new();
    for (site, name) in exports.names() {
        let parent = match site.map(|site| component.get_export_index(None, site)) {
            Some(None) => continue,
            Some(found) => found,
            None => None,
        };
        // What drops a resource is listed as if it were exported.
        if let Some(index) = component.get_export_index(parent.as_ref(), name) {
            let of_site = indices.entry(site.unwrap_or_default().to_owned());
            of_site.or_default().insert(name.to_owned(), index);
        }
    }
    indices
}

impl std::fmt::Debug for LinkedComponent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LinkedComponent").finish_non_exhaustive()
    }
}
