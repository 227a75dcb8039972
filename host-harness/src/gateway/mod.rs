//! The front door: from a connection to a function and back.

mod base;
mod callees;
mod problem;
mod respond;
mod route;
mod server;

pub(crate) use base::parse as parse_base;
pub(crate) use respond::Gateway;
pub use server::Server;
