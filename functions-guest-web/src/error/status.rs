use std::error::Error;

use functions_bytes::__private::answer;
use http::StatusCode;

/// The status that fits an error, where it is one of the SDK's, and what it has to say to the client;
/// 500 and nothing for all others.
///
/// The first error of the chain that provides an answer counts, whatever is around it: an error that
/// wraps it, or one whose type is forgotten, such as `anyhow::Error`.
pub(super) fn of(error: &(dyn Error + 'static)) -> (StatusCode, Option<String>) {
    let mut next = Some(error);
    while let Some(error) = next {
        let (answer, source) = answer(error);
        if let Some(answer) = answer {
            let status = StatusCode::from_u16(answer.status);
            return (
                status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
                answer.detail,
            );
        }
        next = source;
    }
    (StatusCode::INTERNAL_SERVER_ERROR, None)
}
