//! The HTTP server: from a connection to a function and back.

mod client_stream;
mod connection;
mod farewell;
mod gate;
mod idle;
mod invoker;
mod problem;
mod public_url;
mod refused;
mod request;
mod respond;
mod route;
mod server;
mod socket;
mod tracked_body;

pub(crate) use public_url::parse as parse_public_url;
pub(crate) use respond::Gateway;
pub use server::Server;
