//! The outcome of a run, in Dispatch's terms.

use host_harness::{FetchError, FetchErrorKind};
use http::StatusCode;

pub(super) const UNSPECIFIED: i32 = 0;
pub(super) const OK: i32 = 1;
pub(super) const TIMEOUT: i32 = 2;
pub(super) const THROTTLED: i32 = 3;
pub(super) const INVALID_ARGUMENT: i32 = 4;
pub(super) const INVALID_RESPONSE: i32 = 5;
pub(super) const TEMPORARY_ERROR: i32 = 6;
pub(super) const PERMANENT_ERROR: i32 = 7;
pub(super) const INCOMPATIBLE_STATE: i32 = 8;
pub(super) const DNS_ERROR: i32 = 9;
pub(super) const TCP_ERROR: i32 = 10;
pub(super) const TLS_ERROR: i32 = 11;
pub(super) const HTTP_ERROR: i32 = 12;
pub(super) const UNAUTHENTICATED: i32 = 13;
pub(super) const PERMISSION_DENIED: i32 = 14;
pub(super) const NOT_FOUND: i32 = 15;

const NAMES: [&str; 16] = [
    "UNSPECIFIED",
    "OK",
    "TIMEOUT",
    "THROTTLED",
    "INVALID_ARGUMENT",
    "INVALID_RESPONSE",
    "TEMPORARY_ERROR",
    "PERMANENT_ERROR",
    "INCOMPATIBLE_STATE",
    "DNS_ERROR",
    "TCP_ERROR",
    "TLS_ERROR",
    "HTTP_ERROR",
    "UNAUTHENTICATED",
    "PERMISSION_DENIED",
    "NOT_FOUND",
];

/// The name of a status, without its prefix.
pub(crate) fn status_name(status: i32) -> &'static str {
    let known = usize::try_from(status).ok().and_then(|at| NAMES.get(at));
    known.copied().unwrap_or("UNSPECIFIED")
}

/// Whether a call is run again after this status.
pub(super) fn is_temporary(status: i32) -> bool {
    matches!(
        status,
        TIMEOUT
            | THROTTLED
            | TEMPORARY_ERROR
            | INCOMPATIBLE_STATE
            | DNS_ERROR
            | TCP_ERROR
            | TLS_ERROR
            | HTTP_ERROR
    )
}

/// What a status of HTTP means for the call.
pub(super) fn of_http(status: StatusCode) -> i32 {
    match status.as_u16() {
        200..=299 => OK,
        400 => INVALID_ARGUMENT,
        401 => UNAUTHENTICATED,
        403 => PERMISSION_DENIED,
        404 => NOT_FOUND,
        408 => TIMEOUT,
        429 => THROTTLED,
        501 => PERMANENT_ERROR,
        500..=599 => TEMPORARY_ERROR,
        _ => PERMANENT_ERROR,
    }
}

/// What a failure to get a response means for the call.
pub(super) fn of_failure(error: &FetchError) -> i32 {
    match error.kind() {
        FetchErrorKind::InvalidRequest => INVALID_ARGUMENT,
        FetchErrorKind::NotAllowed => PERMISSION_DENIED,
        FetchErrorKind::Dns => DNS_ERROR,
        FetchErrorKind::Connect => TCP_ERROR,
        FetchErrorKind::Tls => TLS_ERROR,
        FetchErrorKind::Timeout => TIMEOUT,
        FetchErrorKind::TooLarge => INVALID_RESPONSE,
        FetchErrorKind::Protocol if error.is_malformed() => INVALID_RESPONSE,
        FetchErrorKind::Protocol if error.is_reset() => TCP_ERROR,
        FetchErrorKind::Protocol => HTTP_ERROR,
        _ => TEMPORARY_ERROR,
    }
}
