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
mod object;
mod receiving;
mod serve;
pub(crate) mod serverledge;
mod tracked_stream;

pub use connection::Connection;
pub(crate) use serve::{Service, serve};
