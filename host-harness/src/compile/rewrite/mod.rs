//! What the host changes in a component before it compiles it: what it takes to make an instance, and
//! to make one as it was when it was new.
//!
//! A component does the same afterwards. One that is not made as those of the SDK are is left as it
//! is, and works as well; wasmtime validates all of them.

mod index_spaces;
mod inline_shim;
mod reusable;
mod sections;
#[cfg(test)]
mod trip_wires;

pub(crate) use inline_shim::without_shim;
pub(crate) use reusable::{VERIFY, check_types, make_reusable};
