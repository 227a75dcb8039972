//! Responses on the address of the functions.

use std::sync::Arc;

use host_harness::Body;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use crate::store::StoreError;

pub(super) fn json(status: StatusCode, value: &Value) -> Response<Body> {
    with_type(status, "application/json", value)
}

/// Problem documents for a request, with the id that a trusted proxy gave it.
pub(super) struct Problems(pub(super) Option<Arc<str>>);

impl Problems {
    pub(super) fn of(&self, status: StatusCode, detail: &str) -> Response<Body> {
        let title = status.canonical_reason().unwrap_or("Error");
        let mut problem = json!({ "title": title, "status": status.as_u16(), "detail": detail });
        if let (Some(id), Value::Object(members)) = (&self.0, &mut problem) {
            members.insert("requestId".to_owned(), Value::from(&**id));
        }
        with_type(status, "application/problem+json", &problem)
    }

    /// Details are in the log only.
    pub(super) fn of_store(&self, error: &StoreError) -> Response<Body> {
        match error {
            StoreError::Full => self.of(StatusCode::INSUFFICIENT_STORAGE, &error.to_string()),
            StoreError::Closed => self.of(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
            StoreError::Database(_) | StoreError::File(_) => {
                let error: &dyn std::error::Error = error;
                let request = self.0.as_deref();
                tracing::error!(error, request, "a request for an invocation failed");
                self.of(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "the server failed: its log says why",
                )
            }
        }
    }

    pub(super) fn method_not_allowed(&self, allowed: &'static str) -> Response<Body> {
        let detail = format!("this path supports {allowed} only");
        let mut response = self.of(StatusCode::METHOD_NOT_ALLOWED, &detail);
        let allowed = HeaderValue::from_static(allowed);
        response.headers_mut().insert(ALLOW, allowed);
        response
    }
}

pub(super) fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
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
