//! Problem documents: `application/problem+json`, RFC 9457. Every error is one.

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use http_body_util::BodyExt as _;
use serde::Serialize;

use crate::auth::TokenError;
use crate::deployments::DeploymentError;
use crate::store::StoreError;

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// The longest error of the router itself, which are short.
const MAX_PLAIN: usize = 4096;

/// An error, as the API answers it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Problem {
    /// The status in words.
    title: String,
    /// The status.
    #[schema(value_type = u16)]
    #[serde(serialize_with = "as_number")]
    status: StatusCode,
    /// What happened, and what to do about it.
    detail: String,
    /// The setting that is invalid.
    #[serde(skip_serializing_if = "Option::is_none")]
    setting: Option<String>,
    #[serde(skip)]
    headers: Vec<(HeaderName, HeaderValue)>,
}

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status,
            detail: detail.into(),
            setting: None,
            headers: Vec::new(),
        }
    }

    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// The client has to give a token.
    pub(super) fn unauthorized(detail: impl Into<String>) -> Self {
        let challenge = HeaderValue::from_static("Bearer realm=\"functions\"");
        Self::new(StatusCode::UNAUTHORIZED, detail).with(WWW_AUTHENTICATE, challenge)
    }

    /// The client has to wait.
    pub(super) fn too_many(detail: impl Into<String>, wait: std::time::Duration) -> Self {
        let seconds = HeaderValue::from(wait.as_secs() + 1);
        Self::new(StatusCode::TOO_MANY_REQUESTS, detail).with(RETRY_AFTER, seconds)
    }

    fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // Strings and numbers can always be written as JSON.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        response.headers_mut().insert(CONTENT_TYPE, PROBLEM_JSON);
        response.headers_mut().extend(self.headers);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Full => Self::new(StatusCode::INSUFFICIENT_STORAGE, error.to_string()),
            StoreError::Closed => Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
            StoreError::Database(_) | StoreError::File(_) => internal(&error),
        }
    }
}

impl From<DeploymentError> for Problem {
    fn from(error: DeploymentError) -> Self {
        use DeploymentError as E;
        let status = match &error {
            E::InvalidName(_) | E::InvalidSettings(_) | E::Secrets(_) => StatusCode::BAD_REQUEST,
            E::InvalidComponent(_) => StatusCode::UNPROCESSABLE_ENTITY,
            E::NotFound(_) | E::NoSuchVersion { .. } => StatusCode::NOT_FOUND,
            E::Precondition(_) => StatusCode::PRECONDITION_FAILED,
            E::ServedFromFile(_) | E::Damaged(_) => StatusCode::CONFLICT,
            E::NotCompiled(_) => StatusCode::SERVICE_UNAVAILABLE,
            E::Host(_) => return internal(&error),
            E::Store(_) => {
                return match error {
                    E::Store(error) => error.into(),
                    error => internal(&error),
                };
            }
        };
        let mut problem = Self::new(status, error.to_string());
        problem.setting = match error {
            E::InvalidSettings(invalid) => Some(invalid.name),
            E::Secrets(_) => Some("secrets".to_owned()),
            _ => None,
        };
        problem
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::FirstIsNotAdmin | TokenError::FirstExpires | TokenError::LastAdmin => {
                Self::new(StatusCode::CONFLICT, error.to_string())
            }
            TokenError::NotFound => Self::new(StatusCode::NOT_FOUND, error.to_string()),
            TokenError::Store(error) => error.into(),
            TokenError::Random(_) | TokenError::Invalid(_) => internal(&error),
        }
    }
}

/// Details are in the log only.
pub(super) fn internal(error: &(dyn std::error::Error + 'static)) -> Problem {
    tracing::error!(error, "a management request failed");
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "the server failed: its log says why",
    )
}

/// Makes problem documents of the errors that the router and extractors answer as plain text.
pub(super) async fn replace_plain_errors(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    // Golem's errors, below `/golem`, are JSON as well.
    let media = response.headers().get(CONTENT_TYPE);
    let is_json = media.is_some_and(|media| media.as_bytes().starts_with(b"application/"));
    if !is_error || is_json {
        return response;
    }
    let (parts, body) = response.into_parts();
    let body = http_body_util::Limited::new(body, MAX_PLAIN)
        .collect()
        .await;
    let text = body.map(|body| String::from_utf8_lossy(&body.to_bytes()).into_owned());
    let detail = text.ok().filter(|text| !text.is_empty());
    let title = status.canonical_reason().unwrap_or("Error").to_owned();
    let mut response: Response<Body> =
        Problem::new(status, detail.unwrap_or(title)).into_response();
    if let Some(allow) = parts.headers.get(ALLOW) {
        response.headers_mut().insert(ALLOW, allow.clone());
    }
    response
}
