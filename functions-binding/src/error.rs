use std::error::Error as StdError;
use std::fmt;

use functions_bytes::__private::provide_answer;
use functions_bytes::ReadError;
use functions_bytes::encoding::DecodeError;

use crate::StatusError;

/// The result of a call.
pub type Result<T, E = BindingError> = std::result::Result<T, E>;

/// Why a call has no response, or not the one that was wanted.
///
/// A handler that returns it (with `?`, in a `WebResult`) answers with the status that fits:
///
/// | error | status |
/// |---|---|
/// | [`is_timeout`](Self::is_timeout) | 504 |
/// | [`is_overloaded`](Self::is_overloaded) | 503 |
/// | [`DepthExceeded`](Self::DepthExceeded) | 508 |
/// | [`is_not_allowed`](Self::is_not_allowed) | 403 |
/// | [`is_builder`](Self::is_builder), [`is_not_found`](Self::is_not_found), and [`NoHost`](Self::NoHost) | 500 |
/// | all others: a failure of the called function, or of the way to it | 502 |
///
/// The texts are for a log. The causes are in [`source`](StdError::source), and not in the text:
/// `anyhow`'s `{:#}` and a web function's log show both.
///
/// `functions_http::Error` has the same predicates.
///
/// ```
/// use functions_binding::{BindingError, Call};
/// # let _functions = functions_binding::testing::respond_with(|_| Err(BindingError::Timeout));
///
/// let error = Call::get("prices", "/tea").wait().unwrap_err();
/// assert!(error.is_timeout() && !error.is_connect());
/// assert_eq!(error.status(), None);
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum BindingError {
    /// No function has this name.
    NotFound(String),
    /// This function may not call that one; the text says how to change that.
    NotAllowed(String),
    /// The method is invalid, or `CONNECT`.
    InvalidMethod(String),
    /// The path is invalid.
    InvalidPath(String),
    /// The header with this name is invalid.
    InvalidHeader(String),
    /// The request's body could not be encoded.
    Encode(Box<dyn StdError + Send + Sync>),
    /// The call's time ended before the response began.
    Timeout,
    /// The host runs as many functions as it may, or this invocation has as many calls in flight.
    Overloaded,
    /// The call would be nested deeper than the host allows.
    DepthExceeded {
        /// The greatest depth.
        limit: u32,
    },
    /// The function failed, and answered nothing.
    Trapped(String),
    /// The function answered with a failure.
    Status(Box<StatusError>),
    /// The response's body could not be read, as when the function failed half-way.
    Body(ReadError),
    /// The response's body could not be decoded.
    Decode(DecodeError),
    /// Over HTTP, with the feature `client`: no connection to the host.
    Unreachable(String),
    /// No host: the code runs natively, without the feature `client`, outside of a test's
    /// [`testing`](mod@crate::testing).
    NoHost,
    /// Any other failure.
    Other(String),
}

impl BindingError {
    /// Whether the call's time ended.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Timeout)
    }

    /// Whether the connection to the host could not be made, over HTTP.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }

    /// Whether the call itself is invalid, and was not made.
    #[must_use]
    pub fn is_builder(&self) -> bool {
        matches!(
            self,
            Self::InvalidMethod(_)
                | Self::InvalidPath(_)
                | Self::InvalidHeader(_)
                | Self::Encode(_)
        )
    }

    /// Whether no function has the name.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound(_))
    }

    /// Whether the host refused the call.
    #[must_use]
    pub fn is_not_allowed(&self) -> bool {
        matches!(self, Self::NotAllowed(_))
    }

    /// Whether too many functions run, or too many calls are in flight.
    #[must_use]
    pub fn is_overloaded(&self) -> bool {
        matches!(self, Self::Overloaded)
    }

    /// Whether the response's status is a failure.
    #[must_use]
    pub fn is_status(&self) -> bool {
        self.status().is_some()
    }

    /// The response's status, where that is the failure.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status(failure) => Some(failure.status()),
            _ => None,
        }
    }

    /// Whether the response's body could not be read.
    #[must_use]
    pub fn is_body(&self) -> bool {
        matches!(self, Self::Body(_))
    }

    /// Whether the response's body could not be decoded.
    #[must_use]
    pub fn is_decode(&self) -> bool {
        matches!(self, Self::Decode(_))
    }

    /// The status a web function answers with.
    fn answer(&self) -> u16 {
        match self {
            Self::Timeout => 504,
            Self::Overloaded => 503,
            Self::DepthExceeded { .. } => 508,
            Self::NotAllowed(_) => 403,
            Self::NotFound(_) | Self::NoHost => 500,
            error if error.is_builder() => 500,
            _ => 502,
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
            Self::NotFound(name) => write!(f, "function {name:?} not found"),
            Self::NotAllowed(why) => write!(f, "the host does not allow this call: {why}"),
            Self::InvalidMethod(method) => write!(f, "invalid method {method:?}"),
            Self::InvalidPath(path) => write!(f, "invalid path {path:?}"),
            Self::InvalidHeader(name) => write!(f, "invalid header {name:?}"),
            Self::Encode(_) => f.write_str("the request body could not be encoded"),
            Self::Timeout => f.write_str("the function did not answer in time"),
            Self::Overloaded => f.write_str("too many functions running, or calls in flight"),
            Self::DepthExceeded { limit } => {
                write!(f, "calls are nested deeper than {limit}")
            }
            Self::Trapped(how) => write!(f, "the function failed: {how}"),
            Self::Status(error) => error.fmt(f),
            Self::Body(_) => f.write_str("the response body could not be read"),
            Self::Decode(_) => f.write_str("the response body could not be decoded"),
            Self::Unreachable(what) => write!(f, "the host cannot be reached: {what}"),
            Self::NoHost => f.write_str(
                "no host to make a call; in a test, functions_binding::testing stands in for one, \
                 and elsewhere the feature `client` reaches one",
            ),
            Self::Other(what) => write!(f, "the call failed: {what}"),
        }
    }
}

impl StdError for BindingError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        provide_answer(self.answer(), None);
        match self {
            Self::Encode(error) => Some(error.as_ref()),
            Self::Body(error) => Some(error),
            Self::Decode(error) => Some(error),
            _ => None,
        }
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
            let logged = answered.to_string();
            assert!(logged.starts_with(&text), "{logged}");
        }
    }
}
