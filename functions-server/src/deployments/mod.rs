//! Functions.
mod settings;
pub use settings::{InvalidKey, SecretsKey};
