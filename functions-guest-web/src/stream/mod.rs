//! Responses that begin before they are whole.

pub(crate) mod error;
mod respond;
mod sse;
mod writer;

pub use error::StreamError;
pub use sse::{Event, EventWriter, Sse};
pub use writer::ResponseWriter;

/// The client's end of a response: the host's, or natively the test's.
mod client {
    #[cfg(target_family = "wasm")]
    pub(super) use super::host::{Writer, start};
    #[cfg(not(target_family = "wasm"))]
    pub(super) use crate::testing::stream::{Writer, start};
}

#[cfg(target_family = "wasm")]
mod host;
