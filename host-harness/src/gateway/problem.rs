//! Problem documents: `application/problem+json`, RFC 9457.

use std::borrow::Cow;
use std::time::Duration;

use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;

use super::admit::Refusal;
use super::request::Invalid;
use crate::engine::Failure;
use crate::invocation::FunctionContext;
use crate::message::body::Body;
use crate::registry::Unavailable;
use crate::telemetry::InvocationId;
use crate::telemetry::metrics::Reason;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Problem<'a> {
    title: &'a str,
    status: u16,
    detail: &'a str,
    /// The invocation's id, as the host's log has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    invocation_id: Option<String>,
    /// The id that a trusted proxy gave the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    /// For programs: which cause of this status applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl Problem<'_> {
    fn into_response(self) -> Response<Body> {
        // Strings and numbers can always be written as JSON.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let problem = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, problem);
        response
    }
}

/// The reason if no function has the name.
pub(super) const NO_SUCH_FUNCTION: &str = "no-such-function";

fn title(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Error")
}

/// The response if no function is served under `name`.
pub(super) fn no_such_function(name: &str, request_id: Option<&str>) -> Response<Body> {
    let detail = if name.is_empty() {
        "the path does not name a function: a function NAME is served at /NAME".to_owned()
    } else {
        format!("function {name:?} not found")
    };
    of_status(StatusCode::NOT_FOUND, NO_SUCH_FUNCTION, &detail, request_id)
}

/// The status of a refusal, and what the client is told.
pub(super) fn refusal(refusal: &Refusal) -> (StatusCode, Cow<'static, str>) {
    match refusal {
        Refusal::Private => (StatusCode::NOT_FOUND, "function not found".into()),
        Refusal::TooLong(max) => (StatusCode::PAYLOAD_TOO_LARGE, too_long(*max).into()),
        Refusal::TooManyUnknown(_) => (
            StatusCode::TOO_MANY_REQUESTS,
            "too many requests with unknown or expired tokens".into(),
        ),
        Refusal::NoToken => (
            StatusCode::UNAUTHORIZED,
            "the function needs a valid token: send the header Authorization: Bearer TOKEN".into(),
        ),
        Refusal::Forbidden => (
            StatusCode::FORBIDDEN,
            "the token may not invoke this function".into(),
        ),
    }
}

/// The response to a request that may not invoke a function.
pub(super) fn refused(
    refusal: &Refusal,
    function: &FunctionContext,
    request_id: Option<&str>,
) -> Response<Body> {
    let challenge = match refusal {
        Refusal::Private => return no_such_function(&function.name, request_id),
        Refusal::TooLong(max) => return body_too_long(*max, request_id),
        Refusal::TooManyUnknown(wait) => return too_many_unknown(*wait, request_id),
        Refusal::NoToken => "Bearer",
        Refusal::Forbidden => "Bearer error=\"insufficient_scope\"",
    };
    let (status, detail) = self::refusal(refusal);
    let mut response = of_status(status, refusal.reason().name(), &detail, request_id);
    let challenge = HeaderValue::from_static(challenge);
    let headers = response.headers_mut();
    headers.insert(header::WWW_AUTHENTICATE, challenge);
    response
}

/// The response to a client that sent too many unknown tokens.
fn too_many_unknown(wait: Duration, request_id: Option<&str>) -> Response<Body> {
    let reason = Reason::TooManyTokens.name();
    let (status, detail) = refusal(&Refusal::TooManyUnknown(wait));
    let mut response = of_status(status, reason, &detail, request_id);
    retry_after(&mut response, wait.as_secs().saturating_add(1));
    response
}

/// The response to a request whose body is longer than its function accepts.
pub(super) fn body_too_long(max: u64, request_id: Option<&str>) -> Response<Body> {
    of_status(
        StatusCode::PAYLOAD_TOO_LARGE,
        Reason::BodyTooLong.name(),
        &too_long(max),
        request_id,
    )
}

pub(super) fn too_long(max: u64) -> String {
    format!("the body is longer than the function accepts, {max} bytes")
}

/// The response to a request whose function could not be loaded.
pub(super) fn unavailable(unavailable: &Unavailable, request_id: Option<&str>) -> Response<Body> {
    let status = status_of(unavailable);
    let reason = unavailable.reason().name();
    let mut response = of_status(status, reason, &unavailable.to_string(), request_id);
    if status != StatusCode::GATEWAY_TIMEOUT {
        retry_after(&mut response, 1);
    }
    response
}

pub(super) fn status_of(unavailable: &Unavailable) -> StatusCode {
    match unavailable {
        Unavailable::Overloaded => StatusCode::TOO_MANY_REQUESTS,
        Unavailable::Timeout => StatusCode::GATEWAY_TIMEOUT,
        Unavailable::NotLoaded(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

fn of_status(
    status: StatusCode,
    reason: &str,
    detail: &str,
    request_id: Option<&str>,
) -> Response<Body> {
    Problem {
        title: title(status),
        status: status.as_u16(),
        detail,
        invocation_id: None,
        request_id,
        reason: Some(reason),
    }
    .into_response()
}

fn retry_after(response: &mut Response<Body>, seconds: u64) {
    let seconds = HeaderValue::from(seconds);
    response.headers_mut().insert(header::RETRY_AFTER, seconds);
}

/// The response to a request that is not valid HTTP.
pub(super) fn invalid_request(invalid: &Invalid, request_id: Option<&str>) -> Response<Body> {
    let reason = Reason::InvalidRequest.name();
    let mut response = of_status(invalid.status, reason, &invalid.detail, request_id);
    if invalid.closes {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}

/// The response to a request whose body is not valid HTTP.
pub(super) fn malformed_body(detail: &str, request_id: Option<&str>) -> Response<Body> {
    of_status(
        StatusCode::BAD_REQUEST,
        Reason::InvalidRequest.name(),
        detail,
        request_id,
    )
}

/// What a client is told of a failed invocation: the kind of failure only.
pub(super) fn told(failure: &Failure) -> (StatusCode, &'static str) {
    match failure {
        Failure::Overloaded => (
            StatusCode::TOO_MANY_REQUESTS,
            "too many requests are waiting",
        ),
        Failure::Timeout | Failure::StreamTimeout => (
            StatusCode::GATEWAY_TIMEOUT,
            "the function did not answer within its time limit",
        ),
        Failure::CpuTime => (
            StatusCode::GATEWAY_TIMEOUT,
            "the function computed for longer than its limit",
        ),
        Failure::Memory => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "the function needs more memory than its limit",
        ),
        Failure::Exit(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "the command ended with an exit code other than 0",
        ),
        Failure::Output => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "the command's result is longer than its limit",
        ),
        Failure::Trap(_) | Failure::InvalidReply(_) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "the function failed")
        }
        Failure::Host(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "the host could not run the function",
        ),
    }
}

/// The response to a failed invocation: the kind of failure, and the ids by which the log has it.
pub(super) fn of_failure(
    failure: &Failure,
    id: InvocationId,
    request_id: Option<&str>,
) -> Response<Body> {
    let (status, detail) = told(failure);

    let mut response = Problem {
        title: title(status),
        status: status.as_u16(),
        detail,
        invocation_id: Some(id.to_string()),
        request_id,
        reason: Some(failure.reason().name()),
    }
    .into_response();
    if matches!(failure, Failure::Overloaded) {
        retry_after(&mut response, 1);
    }
    response
}
