//! `wasi:cli/run`: the export of a command.

use wasmtime::component::{Component, ComponentExportIndex, Instance, TypedFunc};
use wasmtime::{AsContextMut, Result, Store};

use super::State;

/// WASI's `run`, which says only whether it succeeded.
pub(crate) type Run = TypedFunc<(), (std::result::Result<(), ()>,)>;

/// Finds the `run` of a component's export `interface`.
pub(crate) fn find(component: &Component, interface: &str) -> Option<ComponentExportIndex> {
    let interface = component.get_export_index(None, interface)?;
    component.get_export_index(Some(&interface), "run")
}

/// Gets an instance's `run`, if it has WASI's type.
pub(crate) fn load(
    store: &mut Store<State>,
    instance: &Instance,
    run: &ComponentExportIndex,
) -> Result<Run> {
    instance.get_typed_func(store.as_context_mut(), run)
}
