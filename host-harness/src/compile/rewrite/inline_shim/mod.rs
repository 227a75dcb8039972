//! Removes the shim from a component before compilation.
//!
//! An import that takes strings or lists needs the memory of the main module. So it can be created
//! only after the module, which needs its imports first. `wit-component` breaks the cycle with two
//! more modules. A shim has a table, and one function per such import that calls its table entry. A
//! fix-up fills the table. Each module adds an instance to every invocation, and each function of
//! the shim a lookup: a fifth of wasmtime's work for a small function.
//!
//! This rewrite moves the table and its callers into the main module, and drops the shim. The
//! component behaves the same. A component in any other form stays unchanged, and works as well.

mod component;
mod layout;
mod module;

use layout::ShimLayout;

/// The component without its shim; `None` if it has no shim in the expected form.
pub(crate) fn without_shim(component: &[u8]) -> Option<Vec<u8>> {
    let layout = ShimLayout::of(component)?;
    let main = module::with_table(layout.main, &layout)?;
    component::with_main(component, &layout, &main)
}

#[cfg(test)]
mod tests;
