use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};

use crate::dispatch::{CallRejection, RejectionKind};

/// An error code of the Connect protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConnectCode {
    InvalidArgument,
    DeadlineExceeded,
    PermissionDenied,
    ResourceExhausted,
    Unimplemented,
    Unavailable,
    Unauthenticated,
}

impl ConnectCode {
    fn parts(self) -> (&'static str, StatusCode) {
        match self {
            Self::InvalidArgument => ("invalid_argument", StatusCode::BAD_REQUEST),
            Self::DeadlineExceeded => ("deadline_exceeded", StatusCode::GATEWAY_TIMEOUT),
            Self::PermissionDenied => ("permission_denied", StatusCode::FORBIDDEN),
            Self::ResourceExhausted => ("resource_exhausted", StatusCode::TOO_MANY_REQUESTS),
            Self::Unimplemented => ("unimplemented", StatusCode::NOT_IMPLEMENTED),
            Self::Unavailable => ("unavailable", StatusCode::SERVICE_UNAVAILABLE),
            Self::Unauthenticated => ("unauthenticated", StatusCode::UNAUTHORIZED),
        }
    }
}

/// An error of the Connect protocol.
#[derive(Debug)]
pub(super) struct ConnectError {
    code: &'static str,
    status: StatusCode,
    message: String,
}

impl ConnectError {
    pub(super) fn new(code: ConnectCode, message: impl Into<String>) -> Self {
        let (code, status) = code.parts();
        Self {
            code,
            status,
            message: message.into(),
        }
    }

    /// Another status than the code's own, where HTTP has one that says more.
    pub(super) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }
}

impl From<CallRejection> for ConnectError {
    fn from(rejection: CallRejection) -> Self {
        let code = match rejection.kind {
            RejectionKind::InvalidArgument => ConnectCode::InvalidArgument,
            RejectionKind::PermissionDenied => ConnectCode::PermissionDenied,
            RejectionKind::ResourceExhausted => ConnectCode::ResourceExhausted,
            RejectionKind::Unavailable => ConnectCode::Unavailable,
        };
        Self::new(code, rejection.message)
    }
}

impl IntoResponse for ConnectError {
    fn into_response(self) -> Response {
        let body = serde_json::json!({ "code": self.code, "message": self.message });
        let mut response = (self.status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(ALLOW, HeaderValue::from_static("POST"));
        }
        response
    }
}
