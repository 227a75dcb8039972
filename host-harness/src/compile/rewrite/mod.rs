//! Rewrites components before compilation, to make instances cheaper to create and possible to
//! reset.
//!
//! A rewritten component behaves the same. A component that is not shaped like those of the SDK
//! stays unchanged, and works as well. Wasmtime validates all of them.

mod index_spaces;
mod inline_shim;
mod reusable;
mod sections;
#[cfg(test)]
mod trip_wires;

pub(crate) use inline_shim::without_shim;
pub(crate) use reusable::{VERIFY, check_types, make_reusable};
