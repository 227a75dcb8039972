//! Reads bodies, within a length and a time.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use super::answer;
use super::code::MAX_CODE;

/// The longest body of a creation, in bytes: the longest code in base64, and what is around it.
pub(super) const MAX_CREATE: usize = MAX_CODE / 3 * 4 + (1 << 20);

/// The longest body of other requests, and the most that is read of any without a permit.
pub(super) const MAX_OTHER: usize = 8 << 20;

/// How long a body may take.
const MAX_TIME: Duration = Duration::from_secs(120);

/// How long a body may be silent.
const MAX_SILENCE: Duration = Duration::from_secs(10);

/// Reads a whole body.
pub(super) async fn read(body: Body, max: usize) -> Result<Bytes, Response> {
    let mut reading = BodyReader::new(body, max);
    reading.read(max).await?;
    Ok(reading.bytes.freeze())
}

/// Reads a whole body. A long one needs a permit before the rest of it is read, which is returned with it.
pub(super) async fn read_long(
    body: Body,
    max: usize,
    permits: &Semaphore,
) -> Result<(Bytes, Option<SemaphorePermit<'_>>), Response> {
    let mut reading = BodyReader::new(body, max);
    let mut permit = None;
    if !reading.read(MAX_OTHER).await? {
        // The semaphore is never closed.
        permit = permits.acquire().await.ok();
        reading.read(max).await?;
    }
    Ok((reading.bytes.freeze(), permit))
}

/// Reads a body in steps, and keeps what it has read.
struct BodyReader {
    body: Limited<Body>,
    bytes: BytesMut,
}

impl BodyReader {
    fn new(body: Body, max: usize) -> Self {
        Self {
            body: Limited::new(body, max),
            bytes: BytesMut::new(),
        }
    }

    /// Reads until there are more than `most` bytes; returns whether the body has ended.
    async fn read(&mut self, most: usize) -> Result<bool, Response> {
        let deadline = Instant::now() + MAX_TIME;
        while self.bytes.len() <= most {
            let until = deadline.min(Instant::now() + MAX_SILENCE);
            match timeout_at(until, self.body.frame()).await {
                Ok(None) => return Ok(true),
                Ok(Some(Ok(frame))) => {
                    let data = frame.into_data().unwrap_or_default();
                    self.bytes.extend_from_slice(&data);
                }
                Ok(Some(Err(error))) => return Err(refused(&*error)),
                Err(_) => {
                    let status = StatusCode::REQUEST_TIMEOUT;
                    return Err(answer::message(status, "Request Timeout"));
                }
            }
        }
        Ok(false)
    }
}

fn refused(error: &(dyn std::error::Error + 'static)) -> Response {
    match error.is::<LengthLimitError>() {
        true => answer::message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
        false => answer::message(StatusCode::BAD_REQUEST, "Bad Request"),
    }
}
