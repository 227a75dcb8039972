//! Responses as Golem's services write them.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use crate::store::StoreError;
use crate::workers::{BadCall, ComponentError};

/// A JSON response.
pub(super) fn json(value: &impl Serialize) -> Response {
    match serde_json::to_string(value) {
        Ok(text) => text_of_json(StatusCode::OK, text),
        Err(error) => ErrorResponse::internal(&error).into_response(),
    }
}

/// A response whose body is JSON already.
pub(super) fn text_of_json(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let media = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, media);
    response
}

/// An error, as Golem's services answer it.
#[derive(Debug)]
pub(super) enum ErrorResponse {
    /// What is wrong with the request, one text for each part.
    Errors(StatusCode, Vec<String>),
    /// Why something is not there or cannot be done.
    Error(StatusCode, String),
    /// The outcome of a call: an object with `type`.
    Golem(Value),
}

impl ErrorResponse {
    pub(super) fn bad_request(error: impl Into<String>) -> Self {
        Self::Errors(StatusCode::BAD_REQUEST, vec![error.into()])
    }

    pub(super) fn not_found(error: impl Into<String>) -> Self {
        Self::Error(StatusCode::NOT_FOUND, error.into())
    }

    /// The host failed. The log says how.
    pub(super) fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error, "a request of Golem's API failed");
        Self::Error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the host failed: its log says why".to_owned(),
        )
    }
}

impl IntoResponse for ErrorResponse {
    fn into_response(self) -> Response {
        let (status, body) = match self {
            Self::Errors(status, errors) => (status, json!({ "errors": errors })),
            Self::Error(status, error) => (status, json!({ "error": error })),
            Self::Golem(error) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                json!({ "golemError": error }),
            ),
        };
        let mut response = text_of_json(status, body.to_string());
        if matches!(
            status,
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS
        ) {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<BadCall> for ErrorResponse {
    fn from(bad: BadCall) -> Self {
        Self::Errors(StatusCode::BAD_REQUEST, bad.errors)
    }
}

impl From<StoreError> for ErrorResponse {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full => Self::Error(StatusCode::INSUFFICIENT_STORAGE, error.to_string()),
            error => Self::internal(&error),
        }
    }
}

impl From<ComponentError> for ErrorResponse {
    fn from(error: ComponentError) -> Self {
        match error {
            ComponentError::NameTaken(_) => Self::Error(StatusCode::CONFLICT, error.to_string()),
            ComponentError::NotFound => Self::not_found(error.to_string()),
            ComponentError::Invalid(reason) => Self::bad_request(reason),
            ComponentError::NotCompiled(_) => {
                tracing::error!("a component was not created: {error}");
                Self::Error(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
            }
            ComponentError::Host(_) => Self::internal(&error),
            ComponentError::Store(error) => error.into(),
        }
    }
}
