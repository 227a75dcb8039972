//! Builds the outgoing request from the incoming one.

use functions_binding::__private::bindings::functions::binding::invoker::Request;
use functions_bytes::__private::bindings::functions::bytes::bytes::Data;
use functions_guest_web::__private::bindings::functions::web::environment;

/// The value of a header that the test sets.
pub(crate) fn told(name: &str) -> Option<String> {
    let value = environment::header(name).pop()?;
    String::from_utf8(value).ok()
}

/// The repetitions or the number that the test asks for.
pub(crate) fn count() -> u32 {
    told("x-call-count")
        .and_then(|count| count.parse().ok())
        .unwrap_or(1)
}

/// A call of `TARGET/PATH` with the incoming query.
pub(crate) fn to(to: &str, body: Option<Data>) -> Request {
    let (target, path) = to.split_once('/').unwrap_or((to, ""));
    let query = environment::query().map_or(String::new(), |query| format!("?{query}"));
    Request {
        target: target.into(),
        method: told("x-call-method").unwrap_or_else(environment::method),
        path: told("x-call-path").unwrap_or_else(|| format!("{path}{query}")),
        headers: headers(),
        body,
        timeout_milliseconds: told("x-call-timeout").and_then(|timeout| timeout.parse().ok()),
    }
}

/// The call that the header `x-call-then` describes.
pub(crate) fn to_other(body: Option<Data>) -> Request {
    let mut request = to(&told("x-call-then").unwrap_or_default(), body);
    request.timeout_milliseconds = None;
    request
}

fn headers() -> Vec<(String, Vec<u8>)> {
    let mut headers = if told("x-call-bare").is_some() {
        Vec::new()
    } else {
        environment::headers()
    };
    // The count applies only to the function that received it.
    headers.retain(|(name, _)| !name.starts_with("x-call-"));
    if let Some(line) = told("x-call-header") {
        let (name, value) = line.split_once('=').unwrap_or((&line, ""));
        headers.push((name.into(), value.into()));
    }
    headers
}
