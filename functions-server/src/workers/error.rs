//! Why a request about a worker fails.

use http::StatusCode;

/// Why a request about a worker fails.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum WorkerError {
    #[error("Component not found: {0}")]
    ComponentNotFound(String),
    #[error("Component version not found: {component} has no version {version}")]
    VersionNotFound { component: String, version: u64 },
    #[error("Worker not found: {component}/{name}")]
    WorkerNotFound { component: String, name: String },
    #[error("Worker already exists: {component}/{name}")]
    WorkerAlreadyExists { component: String, name: String },
    /// The worker's instance cannot be created.
    #[error("{0}")]
    CreationFailed(String),
    /// The call does not fit the component, or a handle names nothing. The worker is as before.
    #[error("{}", .0.join("; "))]
    BadCall(Vec<String>),
    /// Another part of the request is invalid.
    #[error("{0}")]
    InvalidRequest(String),
    /// An earlier invocation failed, and the worker takes no further ones.
    #[error("The previously invoked function failed: {0}")]
    PreviousInvocationFailed(String),
    #[error("The previously invoked function exited")]
    PreviousInvocationExited,
    /// The invocation failed.
    #[error("{0}")]
    RuntimeError(String),
    /// Somebody interrupted the worker. The invocation continues once the worker is resumed.
    #[error("Interrupted via the Golem API")]
    Interrupted,
    /// The worker was deleted while the caller waited.
    #[error("the worker was deleted")]
    Deleted,
    /// No invocation has this key.
    #[error("Invocation not found")]
    InvocationNotFound,
    /// As many invocations wait as may.
    #[error("{0} invocations of the worker wait already: try again later, or raise --worker-queue")]
    QueueFull(usize),
    /// As many bytes wait as may.
    #[error("{0}")]
    TooMuchWaits(String),
    /// The worker's journal is as long as it may get.
    #[error("{0}")]
    JournalFull(String),
    /// The worker waits for this call's own caller: a deadlock.
    #[error("the worker {0} waits for this call's caller: a call that comes back would deadlock")]
    Reentrant(String),
    /// Workers wait for each other: a deadlock.
    #[error("the workers {0} wait for each other: this call would deadlock")]
    Deadlock(String),
    /// The host cannot do it now: the disk is full, or the server stops.
    #[error("{0}")]
    Unavailable(String),
}

impl WorkerError {
    /// The status of the answer, where that is all that tells kinds apart.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::ComponentNotFound(_)
            | Self::VersionNotFound { .. }
            | Self::WorkerNotFound { .. } => StatusCode::NOT_FOUND,
            Self::BadCall(_) => StatusCode::BAD_REQUEST,
            Self::QueueFull(_) | Self::TooMuchWaits(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::JournalFull(_) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Reentrant(_) | Self::Deadlock(_) => StatusCode::LOOP_DETECTED,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The answer to a call of a worker that is being unloaded or deleted.
    pub(crate) fn unloading() -> Self {
        Self::Unavailable("the worker is being unloaded: try again".to_owned())
    }

    /// The answer to clients that wait for a worker that continues in another process.
    pub(crate) fn stopping() -> Self {
        Self::Unavailable("the server stops: send the request again".to_owned())
    }
}

impl From<crate::store::StoreError> for WorkerError {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Unavailable(error.to_string())
    }
}
