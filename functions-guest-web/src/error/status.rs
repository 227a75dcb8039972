use std::error::Error;
use std::fmt;

use functions_bytes::__private::{AnswerAsAbove, AnswerWith};
use functions_bytes::ReadError;
use http::StatusCode;

/// The status that fits an error, where it is one of the SDK's, and what it has to say to the client;
/// 500 and nothing for all others.
///
/// The SDK's errors have that among their causes, and a search of these finds it whatever is around:
/// an error that wraps one of them, or one whose type is forgotten, such as `anyhow::Error`.
pub(super) fn of(error: &(dyn Error + 'static)) -> (StatusCode, Option<String>) {
    let valid = |status| StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut error = error;
    while let Some(cause) = error.source() {
        if let Some(refusal) = cause.downcast_ref::<Refusal>() {
            return (refusal.status, Some(refusal.detail.clone()));
        }
        if let Some(AnswerWith(status)) = cause.downcast_ref() {
            return (valid(*status), None);
        }
        if let Some(AnswerAsAbove(status)) = cause.downcast_ref() {
            return (valid(*status), Some(error.to_string()));
        }
        error = cause;
    }
    (StatusCode::INTERNAL_SERVER_ERROR, None)
}

/// Whether this is no cause, but what to answer.
pub(super) fn is_answer(error: &(dyn Error + 'static)) -> bool {
    error.is::<AnswerWith>() || error.is::<AnswerAsAbove>() || error.is::<Refusal>()
}

/// The first cause of a [`Rejection`](crate::Rejection): what is answered.
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) detail: String,
    pub(crate) source: Option<Box<dyn Error + Send + Sync>>,
}

impl Refusal {
    /// A body that cannot be read is its sender's fault: the client's, unless the function asked
    /// another for it.
    pub(crate) fn of_read(error: ReadError) -> Self {
        let status = match error {
            ReadError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            ReadError::Upstream(_) => StatusCode::BAD_GATEWAY,
            _ => StatusCode::BAD_REQUEST,
        };
        Self {
            status,
            detail: error.to_string(),
            source: Some(error.into()),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("answered with status ")?;
        f.write_str(self.status.as_str())
    }
}

/// Not derived, as that brings all of `Debug`'s machinery into every function.
impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for Refusal {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.source {
            Some(source) => Some(source.as_ref()),
            None => None,
        }
    }
}
