use std::sync::Arc;

use super::LoadError;
use crate::telemetry::metrics::Reason;

/// Why a function that is deployed cannot be invoked. The text is for clients: only the log has details.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unavailable {
    #[error("too many requests wait for the function to be loaded")]
    Overloaded,
    #[error("the function was not loaded within its time limit")]
    Timeout,
    #[error("the function cannot be loaded: {}", .0.kind().reason())]
    NotLoaded(Arc<LoadError>),
}

impl Unavailable {
    /// Its name in metrics and problem documents.
    pub(crate) fn reason(&self) -> Reason {
        match self {
            Self::Overloaded => Reason::Overloaded,
            Self::Timeout => Reason::Timeout,
            Self::NotLoaded(_) => Reason::NotLoaded,
        }
    }
}
