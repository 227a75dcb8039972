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

pub use crate::answer::{Answer, of as answer, provide as provide_answer};
#[cfg(not(target_family = "wasm"))]
pub use crate::arrival::Arrival;
#[cfg(not(target_family = "wasm"))]
pub use crate::data::from_arrival;
pub use crate::data::{from_buffer, into_wit, set_upstream};
#[cfg(feature = "fields")]
pub use crate::encoding::fields::{FieldsError, decode as decode_fields};
pub use crate::single::is_single_header;
#[cfg(not(target_family = "wasm"))]
pub use crate::task::native::waits;
