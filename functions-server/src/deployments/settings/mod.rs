//! The settings of a function: parsed, merged, and passed to the host.

mod change;
mod document;
mod host;
mod quantity;
mod secrets;
#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;

pub(crate) use change::{Change, Configured, InvalidSettings};
pub(crate) use document::Settings;
pub(crate) use host::{clear, for_host, name_of};
pub use secrets::{InvalidKey, SecretsKey};
pub(crate) use secrets::{Secrets, SecretsError};
