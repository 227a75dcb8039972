//! Why calls are rejected before they are stored.

/// The rejection of a batch of calls.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct CallRejection {
    pub(crate) kind: RejectionKind,
    pub(crate) message: String,
}

/// Why calls are rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RejectionKind {
    InvalidArgument,
    PermissionDenied,
    ResourceExhausted,
    /// The store cannot be written.
    Unavailable,
}

impl CallRejection {
    pub(super) fn new(kind: RejectionKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }
}
