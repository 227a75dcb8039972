//! Makes the host of web functions a server that a team deploys to.
mod auth;
mod deployments;
mod store;
pub use deployments::{InvalidKey, SecretsKey};
pub use store::{OpenError, StoreError};
