//! Makes the host of web functions a server that a team deploys to.
mod auth;
mod store;
pub use store::{OpenError, StoreError};
