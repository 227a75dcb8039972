//! Responses as upstream's server writes them.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::json;

use super::decode::Invalid;
use crate::deployments::DeploymentError;

/// JSON, with the line end that upstream's encoder writes.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    let mut text = serde_json::to_string(value).unwrap_or_default();
    text.push('\n');
    with_type(status, "application/json; charset=UTF-8", text)
}

/// JSON as upstream stores it, without a line end.
pub(super) fn stored_json(value: &impl Serialize) -> Response {
    let text = serde_json::to_string(value).unwrap_or_default();
    with_type(StatusCode::OK, "application/json; charset=UTF-8", text)
}

/// What upstream's framework answers for itself.
pub(super) fn message(status: StatusCode, text: &str) -> Response {
    json(status, &json!({ "message": text }))
}

pub(super) fn text(status: StatusCode, text: impl Into<String>) -> Response {
    with_type(status, "text/plain; charset=UTF-8", text.into())
}

fn with_type(status: StatusCode, media: &'static str, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response
}

pub(super) fn insert(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        let name = HeaderName::from_static(name);
        response.headers_mut().insert(name, value);
    }
}

impl IntoResponse for Invalid {
    fn into_response(self) -> Response {
        message(StatusCode::BAD_REQUEST, "Bad Request")
    }
}

/// The answer to a change that was refused. The clients show the status only.
pub(super) fn refused(error: &DeploymentError) -> Response {
    use DeploymentError as E;
    match error {
        E::InvalidName(_) | E::InvalidSettings(_) | E::Secrets(_) | E::InvalidComponent(_) => {
            text(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
        }
        E::NotFound(_) | E::NoSuchVersion { .. } => text(StatusCode::NOT_FOUND, "Unknown function"),
        E::Precondition(_) => text(StatusCode::CONFLICT, ""),
        E::ServedFromFile(_) | E::Damaged(_) => text(StatusCode::CONFLICT, error.to_string()),
        E::NotCompiled(_) => {
            tracing::error!("a function of Serverledge's API was not created: {error}");
            text(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
        }
        E::Host(_) | E::Store(_) => {
            let error: &dyn std::error::Error = error;
            tracing::error!(error, "a change through Serverledge's API failed");
            text(StatusCode::SERVICE_UNAVAILABLE, "")
        }
    }
}
