//! The settings of a function: parsed, merged, and passed to the host.

mod change;
mod document;
mod given;
mod host;
mod quantity;
mod secrets;
#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;

pub use change::InvalidSettings;
pub(crate) use change::{Change, Configured};
pub(crate) use document::{Ingress, Settings, add_secrets};
pub use given::SettingsDocument;
pub(crate) use host::{clear, for_version, name_of};
pub use secrets::{InvalidKey, SecretsKey};
pub(crate) use secrets::{Secrets, SecretsError};
