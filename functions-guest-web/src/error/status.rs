use std::error::Error;
use std::io;

use functions_bytes::__private::AnswerWith;
use functions_bytes::ReadError;
use http::StatusCode;

use crate::Rejection;

/// The status that fits an error, where it is one of the SDK's, and what it has to say to the client;
/// 500 and nothing for all others.
///
/// Looks at the causes, too: an error that wraps one of the SDK's has its status.
pub(super) fn of(error: &(dyn Error + 'static)) -> (StatusCode, Option<String>) {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(rejection) = error.downcast_ref::<Rejection>() {
            return (rejection.status(), Some(rejection.detail().to_owned()));
        }
        if let Some(AnswerWith(status)) = error.downcast_ref() {
            let status = StatusCode::from_u16(*status);
            return (status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), None);
        }
        if let Some(read) = error.downcast_ref::<ReadError>() {
            return (of_read(read), Some(read.to_string()));
        }
        cause = match error.downcast_ref::<io::Error>() {
            // It shows what it wraps as itself, and only the causes of that as its own.
            Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
            None => error.source(),
        };
    }
    (StatusCode::INTERNAL_SERVER_ERROR, None)
}

/// A body that cannot be read is its sender's fault: the client's, unless the function asked another
/// for it.
pub(crate) fn of_read(error: &ReadError) -> StatusCode {
    match error {
        ReadError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        ReadError::Upstream(_) => StatusCode::BAD_GATEWAY,
        _ => StatusCode::BAD_REQUEST,
    }
}
