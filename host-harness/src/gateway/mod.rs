//! The front door: from a connection to a function and back.

mod base;
mod callees;
mod client;
mod connection;
mod farewell;
mod gate;
mod idle;
mod problem;
mod refused;
mod request;
mod respond;
mod route;
mod sending;
mod server;
mod socket;

pub(crate) use base::parse as parse_base;
pub(crate) use respond::Gateway;
pub use server::Server;
