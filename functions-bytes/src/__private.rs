//! What the other crates of the SDK need, and nobody else: no part of it is stable.

#[allow(
    clippy::allow_attributes,
    reason = "generated code may or may not trip each of the lints below"
)]
#[allow(
    clippy::all,
    clippy::allow_attributes_without_reason,
    missing_debug_implementations,
    missing_docs,
    unreachable_pub,
    unsafe_code,
    reason = "generated from wit/"
)]
#[rustfmt::skip]
pub mod bindings;

pub use crate::data::{from_buffer, into_wit};
