//! Lets an instance be made as it was when it was new.
//!
//! An instance of a core module is its memory, its globals and its tables, and whether its passive
//! segments are still there. Memory is the host's to write to (`engine/places/`). Globals it cannot
//! reach, not from outside of a component; so the one function that it exports gets another in front of
//! it, which sets those that are mutable to what they begin with. The rest cannot change in a module
//! that has no instruction which changes it, and only such a one is renewable. An instance of a
//! component is those of its modules and a table of handles; see `handles`.

mod handles;
mod instructions;
mod module;
mod parameters;
mod reusable_module;
mod verify;

use wasm_encoder::ModuleSection;
use wasmparser::Payload;
use wasmtime::Engine;
use wasmtime::component::Component;

use super::sections::copied;

pub(crate) use verify::EXPORT as VERIFY;

use crate::compile::NotReusable;
use reusable_module::ReusableModule;

/// The same component with its globals set when its function is called. Fails if that would
/// not be all that it takes, besides its memory, to make an instance as it was.
pub(crate) fn make_reusable(component: &[u8]) -> Result<Vec<u8>, NotReusable> {
    let shape = ReusableModule::of(component)?;
    let module = module::with_globals_set(&shape)?;
    let mut modules = 0..;
    let changed = copied(component, |section, encoded| {
        let its =
            matches!(section, Payload::ModuleSection { .. }) && modules.next()? == shape.module;
        if its {
            encoded.section(&ModuleSection(&module));
        }
        Some(its)
    });
    let mut changed = changed.ok_or(NotReusable::Unknown)?;
    verify::export(&shape, &mut changed)?;
    Ok(changed)
}

/// Fails if instances of a component change in a way that its types tell of.
pub(crate) fn check_types(component: &Component, engine: &Engine) -> Result<(), NotReusable> {
    if handles::imports_return_handles(component, engine) {
        return Err(NotReusable::Handles);
    }
    if parameters::need_memory(component, engine) {
        return Err(NotReusable::Parameters);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
