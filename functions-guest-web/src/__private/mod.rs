//! What [`invoke!`](crate::invoke!) expands to, and nobody else needs: no part of it is stable.

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

#[cfg(not(target_family = "wasm"))]
pub use crate::handler::check;
pub use crate::handler::{Handler, HandlerArguments, HandlerOutput, Step, run};
pub use bindings::export;
pub use bindings::exports::functions::web::handler::{Guest, Reply};
pub use functions_bytes::__private::bindings::functions::bytes::bytes::Buffer;
