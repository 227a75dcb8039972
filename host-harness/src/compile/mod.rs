//! From a component's bytes to compiled code: checks, rewrites, the compiler and the cache.

pub(crate) mod appendix;
pub(crate) mod cache;
pub(crate) mod compiler;
mod component_bytes;
pub(crate) mod config;
pub(crate) mod fingerprint;
pub(crate) mod footprint;
mod nesting;
mod not_reusable;
pub(crate) mod rewrite;

pub use compiler::CompilerProcess;
pub(crate) use component_bytes::{Compiled, ComponentBytes};
pub(crate) use not_reusable::NotReusable;
