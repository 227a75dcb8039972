//! Why a server does not start.

use crate::OpenError;

/// A server cannot start. The text says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The data folder cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The host cannot be built.
    #[error(transparent)]
    Build(#[from] host_harness::BuildError),
    /// The engine of workers cannot be created.
    #[error("the engine of workers cannot be created: {0}")]
    Engine(String),
    /// No temporary folder can be created.
    #[error("no temporary folder can be created: {0}; give a data folder")]
    Temporary(#[source] std::io::Error),
    /// What the data folder has cannot be read or decrypted.
    #[error("the data folder {folder} cannot be served: {reason}", folder = .folder.display())]
    Unreadable {
        /// The folder.
        folder: std::path::PathBuf,
        /// Why.
        reason: String,
    },
}
