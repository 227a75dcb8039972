use std::error::Error as StdError;
use std::fmt;

use functions_bytes::__private::AnswerWith;
use functions_bytes::ReadError;
use functions_bytes::encoding::DecodeError;
use functions_bytes::outgoing::Because;

use crate::StatusError;

/// What a call gives, or why it does not.
pub type Result<T, E = BindingError> = std::result::Result<T, E>;

/// Why a call has no response, or not the one that was wanted.
///
/// A handler that returns it (with `?`, in a `WebResult`) answers with the status that fits:
///
/// | error | status |
/// |---|---|
/// | [`Timeout`](Self::Timeout) | 504 |
/// | [`Overloaded`](Self::Overloaded) | 503 |
/// | [`DepthExceeded`](Self::DepthExceeded) | 508 |
/// | [`NotAllowed`](Self::NotAllowed) | 403 |
/// | [`NotFound`](Self::NotFound), what is wrong with the call itself, and [`NoHost`](Self::NoHost) | 500 |
/// | all others: what the function that was called did wrong | 502 |
///
/// Texts are meant for a log.
#[derive(Debug)]
#[non_exhaustive]
pub enum BindingError {
    /// There is no function of this name.
    NotFound(String),
    /// This function may not call that one; the text says how to change that.
    NotAllowed(String),
    /// The method is none that HTTP allows, or `CONNECT`.
    InvalidMethod(String),
    /// The path is none that a URL can have.
    InvalidPath(String),
    /// A header is none that HTTP allows: its name.
    InvalidHeader(String),
    /// The request's body could not be encoded.
    Encode(Box<dyn StdError + Send + Sync>),
    /// The time was up before there was a response.
    Timeout,
    /// The host runs as many functions as it may, or this invocation has as many calls under way.
    Overloaded,
    /// This would be one call within a call within a call too many.
    DepthExceeded {
        /// How many there may be.
        limit: u32,
    },
    /// The function failed and answered nothing.
    Trapped(String),
    /// The function answered with a failure.
    Status(Box<StatusError>),
    /// The response's body could not be read, as when the function failed half-way.
    Body(ReadError),
    /// The response's body is not what it should be.
    Decode(DecodeError),
    /// Over HTTP, with the feature `client`: there is no host where there should be one.
    Unreachable(String),
    /// There is no host: this runs natively, without the feature `client`, and no test's stand-in
    /// answers.
    NoHost,
    /// Anything else.
    Other(String),
}

impl BindingError {
    fn answer(&self) -> &'static AnswerWith {
        match self {
            Self::Timeout => &AnswerWith(504),
            Self::Overloaded => &AnswerWith(503),
            Self::DepthExceeded { .. } => &AnswerWith(508),
            Self::NotAllowed(_) => &AnswerWith(403),
            Self::NotFound(_)
            | Self::InvalidMethod(_)
            | Self::InvalidPath(_)
            | Self::InvalidHeader(_)
            | Self::Encode(_)
            | Self::NoHost => &AnswerWith(500),
            _ => &AnswerWith(502),
        }
    }
}

impl From<StatusError> for BindingError {
    fn from(error: StatusError) -> Self {
        Self::Status(Box::new(error))
    }
}

impl fmt::Display for BindingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(name) => write!(f, "there is no function {name:?} to call"),
            Self::NotAllowed(why) => write!(f, "the host does not allow this call: {why}"),
            Self::InvalidMethod(method) => write!(f, "{method:?} is not a method of HTTP"),
            Self::InvalidPath(path) => write!(f, "{path:?} is not a path"),
            Self::InvalidHeader(name) => write!(f, "the header {name:?} is not allowed in HTTP"),
            Self::Encode(error) => write!(f, "{error}{}", Because(error.as_ref())),
            Self::Timeout => f.write_str("the function did not answer in time"),
            Self::Overloaded => f.write_str("too many functions are running, or calls under way"),
            Self::DepthExceeded { limit } => {
                write!(
                    f,
                    "there may be no more than {limit} calls within one another"
                )
            }
            Self::Trapped(how) => write!(f, "the function failed: {how}"),
            Self::Status(error) => error.fmt(f),
            Self::Body(error) => write!(f, "the response could not be read: {error}"),
            Self::Decode(error) => {
                write!(
                    f,
                    "the response is not what it should be: {}",
                    error.detail()
                )
            }
            Self::Unreachable(what) => write!(f, "the host cannot be reached: {what}"),
            Self::NoHost => f.write_str(
                "there is no host to make a call; in a test, functions_binding::testing stands in \
                 for one, and elsewhere the feature `client` reaches one",
            ),
            Self::Other(what) => write!(f, "the call failed: {what}"),
        }
    }
}

/// Its text says all that is known: the source is there to tell a web function what to answer.
impl StdError for BindingError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.answer())
    }
}

#[cfg(all(test, feature = "web"))]
mod tests {
    use functions_guest_web::WebError;

    use super::*;
    use crate::Response;

    /// Each error is answered with the status that fits, and the log says nothing twice.
    #[test]
    fn errors_bring_their_status() {
        let decode = DecodeError::new("JSON", "expected value", fmt::Error);
        for (error, status) in [
            (BindingError::Timeout, 504),
            (BindingError::Overloaded, 503),
            (BindingError::DepthExceeded { limit: 8 }, 508),
            (BindingError::NotAllowed("x".into()), 403),
            (BindingError::NotFound("x".into()), 500),
            (BindingError::InvalidMethod("x".into()), 500),
            (BindingError::InvalidPath("x".into()), 500),
            (BindingError::InvalidHeader("x".into()), 500),
            (BindingError::Encode(Box::new(fmt::Error)), 500),
            (BindingError::NoHost, 500),
            (BindingError::Trapped("x".into()), 502),
            (BindingError::Body(ReadError::Closed), 502),
            (BindingError::Decode(decode), 502),
            (BindingError::Unreachable("x".into()), 502),
            (BindingError::Other("x".into()), 502),
            (Response::new(404).error_for_status().unwrap_err(), 502),
        ] {
            let text = error.to_string();
            let answered = WebError::from(error);
            assert_eq!(answered.status().as_u16(), status, "{text}");
            assert_eq!(answered.to_string(), text);
        }
    }
}
