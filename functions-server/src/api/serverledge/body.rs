//! Reads bodies, within a length and a time.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::time::timeout;

use super::answer;
use super::code::MAX_CODE;

/// The longest body of a creation, in bytes: the longest code in base64, and what is around it.
pub(super) const MAX_CREATE: usize = MAX_CODE / 3 * 4 + (1 << 20);

/// The longest body of other requests.
pub(super) const MAX_OTHER: usize = 8 << 20;

/// How long a body may take.
const MAX_TIME: Duration = Duration::from_secs(120);

pub(super) async fn read(body: Body, max: usize) -> Result<Bytes, Response> {
    match timeout(MAX_TIME, Limited::new(body, max).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(answer::message(
            StatusCode::PAYLOAD_TOO_LARGE,
            "Request Entity Too Large",
        )),
        Ok(Err(_)) => Err(answer::message(StatusCode::BAD_REQUEST, "Bad Request")),
        Err(_) => Err(answer::message(
            StatusCode::REQUEST_TIMEOUT,
            "Request Timeout",
        )),
    }
}
