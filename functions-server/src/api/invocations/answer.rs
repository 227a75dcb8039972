//! Responses on the address of the functions.

use host_harness::Body;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use crate::store::StoreError;

pub(super) fn json(status: StatusCode, value: &Value) -> Response<Body> {
    with_type(status, "application/json", value)
}

pub(super) fn problem(status: StatusCode, detail: &str) -> Response<Body> {
    let title = status.canonical_reason().unwrap_or("Error");
    let problem = json!({ "title": title, "status": status.as_u16(), "detail": detail });
    with_type(status, "application/problem+json", &problem)
}

/// Details are in the log only.
pub(super) fn failed(error: &StoreError) -> Response<Body> {
    match error {
        StoreError::Full => problem(StatusCode::INSUFFICIENT_STORAGE, &error.to_string()),
        StoreError::Closed => problem(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
        StoreError::Database(_) | StoreError::File(_) => {
            let error: &dyn std::error::Error = error;
            tracing::error!(error, "a request for an invocation failed");
            problem(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the server failed: its log says why",
            )
        }
    }
}

pub(super) fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

pub(super) fn method_not_allowed(allowed: &'static str) -> Response<Body> {
    let detail = format!("this path supports {allowed} only");
    let mut response = problem(StatusCode::METHOD_NOT_ALLOWED, &detail);
    let allowed = HeaderValue::from_static(allowed);
    response.headers_mut().insert(ALLOW, allowed);
    response
}

fn with_type(status: StatusCode, media: &'static str, value: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(value.to_string().into_bytes()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
