//! JSON bodies, read within a limit.

use std::time::Duration;

use axum::body::Body;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::Problem;
use crate::api::is_object;

/// The longest JSON body, in bytes. A function's variables are the longest part.
pub(super) const MAX_JSON: usize = 1 << 20;

/// How long a JSON body may take.
const MAX_TIME: Duration = Duration::from_secs(30);

/// Reads a JSON body.
pub(super) async fn read<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
) -> Result<T, Problem> {
    let is_json = media_type(headers)
        .is_none_or(|media| media == "application/json" || media.ends_with("+json"));
    if !is_json {
        let detail = "expected a body with content-type: application/json";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    let body = timeout(MAX_TIME, Limited::new(body, MAX_JSON).collect()).await;
    let body = body.map_err(|_| {
        let detail = format!("the body did not arrive within {} s", MAX_TIME.as_secs());
        Problem::new(StatusCode::REQUEST_TIMEOUT, detail)
    })?;
    let body = body.map_err(|error| {
        if error.is::<LengthLimitError>() {
            return too_large();
        }
        Problem::bad_request("the body ended before it was complete")
    })?;
    parse(&body.to_bytes())
}

/// Parses JSON. The error names the member.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // First: the error of a text would quote it, and settings have secrets.
    if !is_object(bytes) {
        let detail = "invalid body: expected a JSON object";
        return Err(Problem::bad_request(detail));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(&mut deserializer);
    let parsed = parsed.map_err(|error| {
        let path = error.path().to_string();
        let reason = error.into_inner();
        Problem::bad_request(match path.as_str() {
            "." => format!("invalid body: {reason}"),
            path => format!("invalid body: {path}: {reason}"),
        })
    })?;
    deserializer
        .end()
        .map_err(|error| Problem::bad_request(format!("invalid body: {error}")))?;
    Ok(parsed)
}

/// Parses a JSON object. The error never quotes it: settings have secrets.
pub(super) fn parse_object(bytes: &[u8]) -> Result<Map<String, Value>, Problem> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Problem::bad_request(
            "invalid settings: expected a JSON object",
        )),
        Err(error) => Err(Problem::bad_request(format!(
            "invalid settings: expected a JSON object; the text is not JSON at line {} column {}",
            error.line(),
            error.column()
        ))),
    }
}

pub(super) fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("the JSON is too long: expected at most {MAX_JSON} bytes"),
    )
}

/// The media type of a body, without parameters and in lower case.
pub(super) fn media_type(headers: &HeaderMap) -> Option<String> {
    let given = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let media = given.split(';').next().unwrap_or_default();
    Some(media.trim().to_ascii_lowercase())
}
