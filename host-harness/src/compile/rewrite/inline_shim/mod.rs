//! Takes the shim out of a component before it is compiled.
//!
//! What a function's core module imports needs the module's memory, if it takes strings or lists, and
//! so can be made only after the module, which needs its imports first. `wit-component` solves that
//! with two more modules: a shim with a table of functions, one for each such import, that call what
//! is in the table, and a fix-up that fills the table. Each is an instance more for every
//! invocation, and each function in the shim one more to be looked up: a fifth of what wasmtime does
//! for a small function.
//!
//! Here the table and its callers move into the module itself, and the shim goes. What a component
//! does is the same. One that is not made in that way, or not quite, is left as it is, and works as
//! well.

mod component;
mod layout;
mod module;

use layout::ShimLayout;

/// The same component without its shim; none if it has none that could be told for certain.
pub(crate) fn without_shim(component: &[u8]) -> Option<Vec<u8>> {
    let shape = ShimLayout::of(component)?;
    let main = module::with_table(shape.main, &shape)?;
    component::with_main(component, &shape, &main)
}

#[cfg(test)]
mod tests;
