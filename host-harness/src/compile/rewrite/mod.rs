//! Rewrites components before compilation: to make every call of the host check the time, and to make
//! instances cheaper to create and possible to reset.
//!
//! A rewritten component behaves the same. Only the checks are in every component: one that is not shaped
//! like those of the SDK otherwise stays unchanged, and works as well. Wasmtime validates all of them.

mod checked_calls;
mod forwarding;
mod index_spaces;
mod inline_shim;
mod reusable;
mod sections;
#[cfg(test)]
mod trip_wires;

pub(crate) use checked_calls::with_checked_calls;
pub(crate) use inline_shim::without_shim;
pub(crate) use reusable::{VERIFY, check_types, make_reusable};
