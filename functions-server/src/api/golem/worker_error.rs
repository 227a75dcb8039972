//! What a failed request about a worker is answered.

use http::StatusCode;
use serde_json::{Value, json};

use super::answer::ErrorResponse;
use crate::workers::WorkerError;

impl From<WorkerError> for ErrorResponse {
    fn from(error: WorkerError) -> Self {
        use WorkerError as E;
        let text = error.to_string();
        let golem = |kind: &str| Self::Golem(json!({ "type": kind, "details": text }));
        match error {
            E::ComponentNotFound(_) | E::VersionNotFound { .. } | E::WorkerNotFound { .. } => {
                Self::not_found(text)
            }
            E::BadCall(errors) => Self::Errors(StatusCode::BAD_REQUEST, errors),
            E::WorkerAlreadyExists { component, name } => Self::Golem(json!({
                "type": "WorkerAlreadyExists",
                "workerId": worker_id(&component, &name),
            })),
            E::CreationFailed(_) => golem("WorkerCreationFailed"),
            E::InvalidRequest(_) | E::InvocationNotFound => golem("InvalidRequest"),
            E::PreviousInvocationFailed(details) => Self::Golem(json!({
                "type": "PreviousInvocationFailed",
                "details": details,
            })),
            E::PreviousInvocationExited => {
                Self::Golem(json!({ "type": "PreviousInvocationExited" }))
            }
            E::RuntimeError(_) | E::Interrupted | E::Deleted | E::Reentrant(_) | E::Deadlock(_) => {
                golem("RuntimeError")
            }
            E::QueueFull(_) | E::TooMuchWaits(_) => {
                Self::Error(StatusCode::TOO_MANY_REQUESTS, text)
            }
            E::JournalFull(_) => Self::Error(StatusCode::INSUFFICIENT_STORAGE, text),
            E::Unavailable(_) => Self::Error(StatusCode::SERVICE_UNAVAILABLE, text),
        }
    }
}

/// The object that names a worker.
pub(super) fn worker_id(component: &str, name: &str) -> Value {
    json!({ "componentId": component, "workerName": name })
}
