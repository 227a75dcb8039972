//! The front door: from a connection to a function and back.

mod problem;
mod respond;
mod route;
mod server;

pub(crate) use respond::Gateway;
pub use server::Server;
