//! For the other crates of the SDK, which depend on this one by its exact version. Nothing here is stable.

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
