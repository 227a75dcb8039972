//! Reads bodies, within a length and a time.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use http_body::Body as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::answer::ErrorResponse;

/// The longest body that is JSON, in bytes.
pub(super) const MAX_JSON: usize = 16 << 20;

/// How many bytes of long bodies are in memory at once. What is read from one takes several times as much.
pub(super) const MAX_HELD: usize = 2 * MAX_JSON;

/// Shorter bodies are not counted.
const SHORT: usize = 64 << 10;

/// How long a body may take.
const MAX_TIME: Duration = Duration::from_secs(60);

/// A body in memory, with its permit if it is long.
pub(super) struct BufferedBody {
    pub(super) bytes: Bytes,
    _permit: Option<OwnedSemaphorePermit>,
}

/// Reads a JSON body. Waits while too many long ones are in memory.
pub(super) async fn json(
    request: Request,
    held: &Arc<Semaphore>,
) -> Result<BufferedBody, ErrorResponse> {
    let (parts, body) = request.into_parts();
    if !is_json(&parts.headers) {
        return Err(ErrorResponse::Errors(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            vec!["expected content-type: application/json".to_owned()],
        ));
    }
    let bytes = read(body).await?;
    let permit = match u32::try_from(bytes.len()) {
        Ok(length) if bytes.len() > SHORT => {
            let permit = Arc::clone(held).acquire_many_owned(length).await;
            permit.ok()
        }
        _ => None,
    };
    Ok(BufferedBody {
        bytes,
        _permit: permit,
    })
}

async fn read(body: Body) -> Result<Bytes, ErrorResponse> {
    let refused = |status, text: &str| Err(ErrorResponse::Errors(status, vec![text.to_owned()]));
    let too_long = || {
        refused(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body is too long: expected at most 16 MiB",
        )
    };
    // Before the client is asked to send it.
    if body.size_hint().lower() > MAX_JSON as u64 {
        return too_long();
    }
    match timeout(MAX_TIME, Limited::new(body, MAX_JSON).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => too_long(),
        Ok(Err(_)) => refused(
            StatusCode::BAD_REQUEST,
            "the body ended before it was complete",
        ),
        Err(_) => refused(
            StatusCode::REQUEST_TIMEOUT,
            "the body did not arrive within 60 s",
        ),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let media = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media = media.and_then(|value| value.split(';').next());
    media.is_some_and(|media| media.trim().eq_ignore_ascii_case("application/json"))
}
