//! What the other crates of the SDK need, and nobody else: no part of it is stable.

#[allow(
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    missing_debug_implementations,
    missing_docs,
    unreachable_pub,
    unsafe_code,
    reason = "generated from wit/"
)]
#[rustfmt::skip]
pub mod bindings;
