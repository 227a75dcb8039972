//! Errors of handlers.

mod response;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use functions_bytes::__private::answer;
use http::StatusCode;

/// The result of a handler that may fail: `?` takes any error.
pub type WebResult<T> = Result<T, WebError>;

/// A handler's failure, made from any error.
///
/// The client gets a problem document (RFC 9457) with a status, 500 unless the error or the handler
/// says otherwise, the invocation's id, and nothing of what went wrong: only a
/// [`Rejection`](crate::Rejection) or a body that could not be read says what the client did wrong. The
/// error and all its causes go to the function's log.
///
/// ```
/// use functions_guest_web::{Data, WebError, WebResult, invoke};
/// use http::StatusCode;
///
/// invoke!(double);
/// fn double(payload: Data) -> WebResult<String> {
///     let text = String::from_utf8(payload.into_bytes()?)?;
///     let number: i64 = text.trim().parse().map_err(|error| {
///         WebError::from(error).with_status(StatusCode::BAD_REQUEST).with_public("not a number")
///     })?;
///     Ok((number * 2).to_string())
/// }
/// ```
/// `?` takes every error that converts into `Box<dyn Error + Send + Sync>`, `anyhow::Error` as well.
/// An error of the SDK's, such as that of a request to another server, brings its status, also from
/// inside another error.
///
/// For error documents of your own, see [`HandleErrors`](crate::HandleErrors); for an error type of
/// your own, implement [`IntoResponse`](crate::IntoResponse) for it and return `Result<T, MyError>`.
#[must_use = "an error that is not returned is lost"]
pub struct WebError {
    status: StatusCode,
    /// The text for the client.
    public: Option<Cow<'static, str>>,
    /// Whether that is what the source says, too.
    echoes_source: bool,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// Any error, also one whose type is forgotten: `anyhow::Error`, `Box<dyn Error + Send + Sync>`, and
/// a text, which is for the log.
///
/// `WebError` is not an [`Error`] itself, or this could not be written (as with `anyhow::Error`).
impl<E> From<E> for WebError
where
    E: Into<Box<dyn Error + Send + Sync>>,
{
    fn from(error: E) -> Self {
        Self::boxed(error.into())
    }
}

impl WebError {
    /// A failure without a cause: the status, and the text for the client.
    pub fn new(status: StatusCode, public: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            public: Some(public.into()),
            echoes_source: false,
            source: None,
        }
    }

    /// A failure whose text goes to the log only.
    pub fn internal(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            public: None,
            echoes_source: false,
            source: Some(message.into().into()),
        }
    }

    /// In one place for all types of errors, so that a function has it once.
    fn boxed(source: Box<dyn Error + Send + Sync>) -> Self {
        let (status, public) = status_of(source.as_ref());
        Self {
            status,
            echoes_source: public.is_some(),
            public: public.map(Cow::Owned),
            source: Some(source),
        }
    }

    /// Answers with this status.
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Tells the client this.
    pub fn with_public(mut self, public: impl Into<Cow<'static, str>>) -> Self {
        self.public = Some(public.into());
        self.echoes_source = false;
        self
    }

    /// The status the client gets.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The text for the client, if any.
    #[must_use]
    pub fn public(&self) -> Option<&str> {
        self.public.as_deref()
    }

    /// The cause, if any.
    #[must_use]
    pub fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.source {
            Some(source) => Some(source.as_ref()),
            None => None,
        }
    }
}

/// The status that fits an error, where it is one of the SDK's, and what it has to say to the client;
/// 500 and nothing for all others.
///
/// The first error of the chain that provides an answer counts, whatever is around it: an error that
/// wraps it, or one whose type is forgotten, such as `anyhow::Error`.
fn status_of(error: &(dyn Error + 'static)) -> (StatusCode, Option<String>) {
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

/// All that is known, in one line: what the client is told, the error and its causes.
impl fmt::Display for WebError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(public) = self.public().filter(|_| !self.echoes_source) {
            f.write_str(public)?;
            if self.source.is_some() {
                f.write_str(": ")?;
            }
        }
        let mut cause = self.source();
        let mut first = true;
        while let Some(error) = cause {
            cause = error.source();
            if !first {
                f.write_str(": ")?;
            }
            first = false;
            write!(f, "{error}")?;
        }
        if self.public.is_none() && self.source.is_none() {
            f.write_str("unknown failure")?;
        }
        Ok(())
    }
}

impl fmt::Debug for WebError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebError")
            .field("status", &self.status)
            .field("public", &self.public)
            .field("source", &self.source)
            .finish()
    }
}
