//! Makes instances resettable.
//!
//! The state of a core instance is its memory, its globals, its tables, and which passive segments
//! are dropped. The host resets the memory (`pool/`). It cannot reach globals from outside a
//! component, so the exported function gets a wrapper, which first sets every mutable global to its
//! initial value. Tables and segments cannot change in a module without instructions that change
//! them, and only such a module is reusable.
//!
//! The state of a component instance is that of its core instances and a table of handles: see
//! `handles`.

mod handles;
mod instructions;
mod module;
mod parameters;
mod reusable_module;
mod summary;
mod verify;

use wasm_encoder::ModuleSection;
use wasmparser::{BinaryReaderError, Payload};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::sections::copy_with;

pub(crate) use verify::EXPORT as VERIFY;

use crate::compile::NotReusable;
use reusable_module::ReusableModule;

/// The component with a wrapper that sets its globals on each call.
///
/// Fails if an instance has other state that the host cannot reset, besides its memory.
pub(crate) fn make_reusable(component: &[u8]) -> Result<Vec<u8>, NotReusable> {
    let reusable = ReusableModule::of(component)?;
    let module = module::with_globals_set(&reusable)?;
    let mut modules = 0..;
    let changed = copy_with(component, |section, encoded| {
        let is_target =
            matches!(section, Payload::ModuleSection { .. }) && modules.next()? == reusable.module;
        if is_target {
            encoded.section(&ModuleSection(&module));
        }
        Some(is_target)
    });
    let mut changed = changed.ok_or(NotReusable::Unknown)?;
    verify::export(&reusable, &mut changed)?;
    Ok(changed)
}

/// Fails if the component's types show state that the host cannot reset.
pub(crate) fn check_types(component: &Component, engine: &Engine) -> Result<(), NotReusable> {
    if handles::imports_return_handles(component, engine) {
        return Err(NotReusable::Handles);
    }
    if parameters::need_memory(component, engine) {
        return Err(NotReusable::Parameters);
    }
    Ok(())
}

/// Wasmtime refuses what wasmparser cannot read.
fn unknown(_error: BinaryReaderError) -> NotReusable {
    NotReusable::Unknown
}

#[cfg(test)]
mod tests;
