//! The parts of a request of Connect.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::error::{ConnectCode, ConnectError};

/// The longest request, in bytes.
const MAX_BODY: usize = 16 << 20;

/// How long a request's body may take.
const MAX_TIME: Duration = Duration::from_secs(30);

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Proto,
    Json,
}

impl Codec {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Proto => "application/proto",
            Self::Json => "application/json",
        }
    }
}

/// How a request's message is written, and the response's too.
pub(super) fn codec(headers: &HeaderMap) -> Result<Codec, ConnectError> {
    let given = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media = given
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    if media.eq_ignore_ascii_case("application/proto") {
        Ok(Codec::Proto)
    } else if media.eq_ignore_ascii_case("application/json") {
        Ok(Codec::Json)
    } else {
        let message = "expected content-type: application/proto or application/json";
        Err(ConnectError::new(ConnectCode::InvalidArgument, message)
            .with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE))
    }
}

/// Checks the version of the protocol, and returns how long the client waits, if it says so.
pub(super) fn check(headers: &HeaderMap) -> Result<Option<Duration>, ConnectError> {
    let invalid = |message: &str| Err(ConnectError::new(ConnectCode::InvalidArgument, message));
    if headers
        .get("connect-protocol-version")
        .is_some_and(|version| version != "1")
    {
        return invalid("unsupported connect-protocol-version: expected 1");
    }
    if headers
        .get(CONTENT_ENCODING)
        .is_some_and(|encoding| encoding != "identity")
    {
        let message = "unsupported content-encoding: expected identity";
        return Err(ConnectError::new(ConnectCode::Unimplemented, message));
    }
    let Some(timeout) = headers.get("connect-timeout-ms") else {
        return Ok(None);
    };
    let digits = timeout.to_str().ok().filter(|text| {
        (1..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    });
    match digits.and_then(|digits| digits.parse().ok()) {
        Some(0) => Err(ConnectError::new(
            ConnectCode::DeadlineExceeded,
            "connect-timeout-ms is 0: the calls were not stored",
        )),
        Some(milliseconds) => Ok(Some(Duration::from_millis(milliseconds))),
        None => invalid("invalid connect-timeout-ms: expected up to 10 digits"),
    }
}

/// Reads a request's body.
pub(super) async fn read(body: Body) -> Result<Bytes, ConnectError> {
    let body = tokio::time::timeout(MAX_TIME, Limited::new(body, MAX_BODY).collect()).await;
    let body = body.map_err(|_| {
        let message = format!("the body did not arrive within {} s", MAX_TIME.as_secs());
        ConnectError::new(ConnectCode::DeadlineExceeded, message)
    })?;
    let body = body.map_err(|error| match error.is::<LengthLimitError>() {
        true => {
            let message = format!(
                "message is larger than {MAX_BODY} bytes: dispatch the calls in several batches"
            );
            ConnectError::new(ConnectCode::ResourceExhausted, message)
        }
        false => ConnectError::new(
            ConnectCode::InvalidArgument,
            "the body ended before it was complete",
        ),
    })?;
    Ok(body.to_bytes())
}
