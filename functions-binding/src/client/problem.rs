//! What the host itself answers, told from what the function answers.

use functions_bytes::Data;
use functions_bytes::encoding::{Decode as _, Json};

use crate::{BindingError, Response};

/// The longest document of the host's own, in bytes, with room to spare.
const MOST: u64 = 4096;

/// A problem document as the host writes it.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Problem {
    status: u16,
    detail: String,
    reason: String,
    invocation_id: Option<String>,
}

/// The error that the host answered with, or the function's response.
///
/// A function that passes on the document of another, which it called over HTTP, failed as that one
/// did.
pub(super) async fn checked(response: Response, target: String) -> Result<Response, BindingError> {
    let is_short = response.body.len().is_some_and(|length| length <= MOST);
    if !matches!(response.status, 404 | 429 | 500 | 504)
        || !is_short
        || response.headers.get("content-type") != Some("application/problem+json")
    {
        return Ok(response);
    }
    let mut reader = response.body.into_reader();
    let mut bytes = Vec::new();
    while let Some(chunk) = reader
        .chunk_async(usize::MAX)
        .await
        .map_err(BindingError::Body)?
    {
        bytes.extend(chunk);
    }
    if let Some(error) = error(response.status, bytes.clone(), target) {
        return Err(error);
    }
    Ok(Response {
        body: Data::from(bytes),
        ..response
    })
}

fn error(status: u16, body: Vec<u8>, target: String) -> Option<BindingError> {
    let Json(problem) = Json::<Problem>::decode(Data::from(body)).ok()?;
    if problem.status != status {
        return None;
    }
    let Some(id) = problem.invocation_id else {
        let unknown = status == 404 && problem.reason == "no-such-function";
        return unknown.then_some(BindingError::NotFound(target));
    };
    let told = format!("{}, invocation {id}", problem.detail);
    match (status, problem.reason.as_str()) {
        (429, "overloaded") => Some(BindingError::Overloaded),
        (504, "timeout") => Some(BindingError::Timeout),
        (504, "cpu-limit") | (500, "memory-limit" | "trap" | "invalid-reply") => {
            Some(BindingError::Trapped(told))
        }
        (500, "host") => Some(BindingError::Other(told)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use functions_bytes::task::block_on;

    use super::*;

    fn check(status: u16, body: &str) -> Result<Response, BindingError> {
        let response = Response::new(status)
            .header("content-type", "application/problem+json")
            .with_body(body);
        block_on(checked(response, "f".into()))
    }

    fn problem(status: u16, reason: &str) -> String {
        format!(
            r#"{{"title":"T","status":{status},"detail":"why","invocationId":"7","reason":"{reason}"}}"#
        )
    }

    /// The host's documents are errors.
    #[test]
    fn of_the_host() {
        for (status, reason, expected) in [
            (429, "overloaded", "Overloaded"),
            (504, "timeout", "Timeout"),
            (504, "cpu-limit", r#"Trapped("why, invocation 7")"#),
            (500, "memory-limit", r#"Trapped("why, invocation 7")"#),
            (500, "trap", r#"Trapped("why, invocation 7")"#),
            (500, "invalid-reply", r#"Trapped("why, invocation 7")"#),
            (500, "host", r#"Other("why, invocation 7")"#),
        ] {
            let error = check(status, &problem(status, reason)).unwrap_err();
            assert_eq!(format!("{error:?}"), expected);
        }
        let unknown = r#"{"title":"T","status":404,"detail":"why","reason":"no-such-function"}"#;
        assert!(matches!(check(404, unknown), Err(BindingError::NotFound(name)) if name == "f"));
    }

    /// A function's own are its responses, untouched.
    #[test]
    fn of_the_function() {
        for (status, body) in [
            (
                404,
                r#"{"title":"Not Found","status":404,"detail":"no such user"}"#.to_owned(),
            ),
            (
                500,
                r#"{"title":"T","status":500,"detail":"why","invocationId":"7"}"#.to_owned(),
            ),
            (504, problem(500, "timeout")),
            (500, problem(500, "timeout")),
            (404, problem(404, "no-such-function")),
            (418, problem(418, "trap")),
            (500, String::new()),
            (500, problem(500, "trap") + &" ".repeat(4096)),
        ] {
            let response = check(status, &body).unwrap();
            assert_eq!((response.status, response.text().unwrap()), (status, body));
        }
        let page = Response::new(500).with_body(problem(500, "trap"));
        assert!(block_on(checked(page, "f".into())).is_ok());
    }
}
