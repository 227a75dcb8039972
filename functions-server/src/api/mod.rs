//! The APIs of a server. Each translates requests, and does nothing else.

mod connection;
mod connection_slots;
pub(crate) mod dispatch;
mod drain;
pub(crate) mod golem;
mod host_names;
mod idle;
pub(crate) mod invocations;
pub(crate) mod management;
mod receiving;
mod serve;
pub(crate) mod serverledge;
mod tracked_stream;

pub use connection::Connection;
pub(crate) use serve::{Service, serve};

/// Whether JSON is an object. `serde` also takes an array for a struct, as its members in their order.
fn is_object(json: &[u8]) -> bool {
    json.trim_ascii_start().starts_with(b"{")
}
