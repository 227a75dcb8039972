//! What a handler fails with.

use std::error::Error;
use std::fmt;

use http::StatusCode;

use crate::problem;
use crate::response::{IntoResponse, WebResponse};

/// The result of a handler that may fail: `?` takes any error.
pub type WebResult<T> = Result<T, WebError>;

/// A handler's failure, made from any error.
///
/// The client gets a 500 that tells nothing of it; the error and all its causes are written to the
/// function's log.
///
/// ```
/// use functions_bytes::Data;
/// use functions_guest_web::{WebResult, invoke};
///
/// invoke!(double);
/// fn double(payload: Data) -> WebResult<String> {
///     let number: i64 = String::from_utf8(payload.into_bytes()?)?.trim().parse()?;
///     Ok((number * 2).to_string())
/// }
/// ```
pub struct WebError {
    source: Box<dyn Error + Send + Sync>,
}

/// Not an [`Error`] itself, or this could not be written (as with `anyhow::Error`).
impl<E> From<E> for WebError
where
    E: Error + Send + Sync + 'static,
{
    fn from(error: E) -> Self {
        Self {
            source: Box::new(error),
        }
    }
}

impl WebError {
    /// The error it was made from.
    #[must_use]
    pub fn source(&self) -> &(dyn Error + 'static) {
        self.source.as_ref()
    }
}

/// The error and its causes, in one line.
impl fmt::Display for WebError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source)?;
        let mut cause = self.source.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl fmt::Debug for WebError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.source, f)
    }
}

impl IntoResponse for WebError {
    fn into_response(self) -> WebResponse {
        eprintln!("the handler failed: {self}");
        problem::response(StatusCode::INTERNAL_SERVER_ERROR, "the function failed")
    }
}

#[cfg(test)]
mod tests {
    use functions_bytes::encoding::DecodeError;

    use super::*;

    /// The log gets the whole chain, each cause once.
    #[test]
    fn display_shows_the_chain() {
        let cause = "x".parse::<u8>().unwrap_err();
        let error = WebError::from(DecodeError::new("number", "not a number", cause));
        assert_eq!(
            error.to_string(),
            "the body is not the number it should be: invalid digit found in string"
        );
    }
}
