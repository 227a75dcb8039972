//! The outcome of a request, as the journal has it.

use bytes::Bytes;
use host_harness::{FetchError, FetchErrorKind, InvocationError};
use http::{HeaderName, HeaderValue, Response, StatusCode};

use crate::workers::journal::RequestOutcome;

/// The outcome of a request, for the guest.
pub(super) type RequestResult = Result<Response<Bytes>, RequestFailure>;

/// A request failed, or cannot be made as the guest gives it: a word for the kind, and a text.
#[derive(Debug)]
pub(super) struct RequestFailure(pub(super) String, pub(super) String);

pub(super) fn not_called(name: &str, error: &InvocationError) -> RequestOutcome {
    let kind = match error.status() {
        _ if error.is_not_found() => {
            return RequestOutcome::Failed("not-found".to_owned(), name.to_owned());
        }
        StatusCode::FORBIDDEN => "denied",
        StatusCode::GATEWAY_TIMEOUT => "timeout",
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => "overloaded",
        StatusCode::INTERNAL_SERVER_ERROR | StatusCode::BAD_GATEWAY => "trapped",
        _ => "other",
    };
    RequestOutcome::Failed(kind.to_owned(), error.to_string())
}

pub(super) fn failed(error: &FetchError, limit: usize) -> RequestOutcome {
    let text = match error.kind() {
        FetchErrorKind::TooLarge => limit.to_string(),
        _ => error.to_string(),
    };
    RequestOutcome::Failed(kind(error.kind()).to_owned(), text)
}

pub(super) fn recorded(response: &Response<Bytes>) -> RequestOutcome {
    let headers = response.headers().iter();
    RequestOutcome::Response {
        status: response.status().as_u16(),
        headers: headers
            .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
            .collect(),
        body: response.body().to_vec(),
    }
}

pub(super) fn sent(answer: RequestOutcome) -> RequestResult {
    let (status, headers, body) = match answer {
        RequestOutcome::Response {
            status,
            headers,
            body,
        } => (status, headers, body),
        RequestOutcome::Failed(kind, text) => return Err(RequestFailure(kind, text)),
    };
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse(), HeaderValue::from_bytes(&value)) {
            let name: HeaderName = name;
            response.headers_mut().append(name, value);
        }
    }
    Ok(response)
}

/// The word that is recorded. Never changed.
fn kind(kind: FetchErrorKind) -> &'static str {
    match kind {
        FetchErrorKind::InvalidRequest => "invalid",
        FetchErrorKind::NotAllowed => "denied",
        FetchErrorKind::Dns => "dns",
        FetchErrorKind::Connect => "connect",
        FetchErrorKind::Tls => "tls",
        FetchErrorKind::Timeout => "timeout",
        FetchErrorKind::TooLarge => "too-large",
        FetchErrorKind::Protocol => "protocol",
        FetchErrorKind::TooManyRedirects => "redirects",
        _ => "other",
    }
}
