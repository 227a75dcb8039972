//! What the host changes in a component before it compiles it: what it takes to make an instance, and
//! to make one as it was when it was new.
//!
//! A component does the same afterwards. One that is not made as those of the SDK are is left as it
//! is, and works as well; wasmtime validates all of them.

mod direct;
mod renewable;
mod sections;
mod spaces;
#[cfg(test)]
mod trip_wires;

pub(super) use direct::without_shim;
pub(super) use renewable::{VERIFY, check_types, renewable};
