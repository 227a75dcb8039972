//! Opens a [`Server`](crate::Server): its store, its host and what runs in the background. Serves its APIs.

mod error;
mod open;
mod serve;

pub use error::ServerError;
