//! The front door: from a connection to a function and back.

mod base;
mod callees;
mod client;
mod connection;
mod problem;
mod respond;
mod route;
mod sending;
mod server;

pub(crate) use base::parse as parse_base;
pub(crate) use respond::Gateway;
pub use server::Server;
