use std::error::Error as StdError;
use std::fmt;

use functions_bytes::__private::provide_answer;
use functions_bytes::ReadError;
use functions_bytes::encoding::DecodeError;

/// Why a request has no response, or not the one that was wanted.
///
/// A handler that returns it (with `?`, in a `WebResult`) answers with the status that fits:
///
/// | error | status |
/// |---|---|
/// | [`is_timeout`](Self::is_timeout) | 504 |
/// | [`is_not_allowed`](Self::is_not_allowed) | 403 |
/// | [`is_overloaded`](Self::is_overloaded) | 503 |
/// | [`is_builder`](Self::is_builder), and [`NoHost`](Self::NoHost) | 500 |
/// | all others: a failure of the other server, or of the way to it | 502 |
///
/// The texts are for a log. The causes are in [`source`](StdError::source), and not in the text:
/// `anyhow`'s `{:#}` and a web function's log show both.
///
/// `functions_binding::BindingError` has the same predicates.
///
/// ```
/// use functions_http::{Error, Request, invoke};
/// # let _server = functions_http::testing::respond_with(|_| Err(Error::Timeout));
///
/// let error = invoke(Request::get("https://example.com/")).unwrap_err();
/// assert!(error.is_timeout() && !error.is_connect());
/// assert_eq!(error.status(), None);
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The URL is invalid, or its scheme is not `http` or `https`.
    InvalidUrl(String),
    /// The method is invalid, or `CONNECT`.
    InvalidMethod(String),
    /// The header with this name is invalid.
    InvalidHeader(String),
    /// The request's body could not be encoded.
    Encode(Box<dyn StdError + Send + Sync>),
    /// The host does not let functions reach this server; the text says how to change that.
    NotAllowed(String),
    /// The server's name has no address.
    Dns(String),
    /// No connection to the server: refused, unreachable.
    Connect(String),
    /// The TLS handshake failed, as when the certificate is for another name.
    Tls(String),
    /// The request's time ended before the response began.
    Timeout,
    /// The response's body is longer than the request's limit.
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The response redirects once more than the request follows: where to.
    TooManyRedirects(String),
    /// The server broke the protocol, or closed the connection before the response.
    Protocol(String),
    /// This invocation has as many requests in flight, or handles, as the host lets it have.
    Overloaded,
    /// The response's body could not be read, as when the connection ended half-way.
    Body(ReadError),
    /// The response's body could not be decoded.
    Decode(DecodeError),
    /// The response's status is a failure; see
    /// [`error_for_status`](crate::Response::error_for_status).
    Status(u16),
    /// No host: the code runs natively, outside of a test's [`testing`](mod@crate::testing).
    NoHost,
    /// Any other failure.
    Other(String),
}

impl Error {
    /// Whether the request's time ended.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Timeout)
    }

    /// Whether the connection could not be made: no address, refused, or no TLS.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        matches!(self, Self::Dns(_) | Self::Connect(_) | Self::Tls(_))
    }

    /// Whether the request itself is invalid, and was not sent.
    #[must_use]
    pub fn is_builder(&self) -> bool {
        matches!(
            self,
            Self::InvalidUrl(_) | Self::InvalidMethod(_) | Self::InvalidHeader(_) | Self::Encode(_)
        )
    }

    /// Whether the host refused the request.
    #[must_use]
    pub fn is_not_allowed(&self) -> bool {
        matches!(self, Self::NotAllowed(_))
    }

    /// Whether too many requests are in flight.
    #[must_use]
    pub fn is_overloaded(&self) -> bool {
        matches!(self, Self::Overloaded)
    }

    /// Whether the response redirects too often.
    #[must_use]
    pub fn is_redirect(&self) -> bool {
        matches!(self, Self::TooManyRedirects(_))
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
            Self::Status(status) => Some(*status),
            _ => None,
        }
    }

    /// Whether the response's body could not be read, or is longer than the request's limit.
    #[must_use]
    pub fn is_body(&self) -> bool {
        matches!(self, Self::Body(_) | Self::TooLarge { .. })
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
            Self::NotAllowed(_) => 403,
            Self::Overloaded => 503,
            Self::NoHost => 500,
            error if error.is_builder() => 500,
            _ => 502,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidUrl(what) => write!(f, "invalid URL: {what}"),
            Self::InvalidMethod(method) => write!(f, "invalid method {method:?}"),
            Self::InvalidHeader(name) => write!(f, "invalid header {name:?}"),
            Self::Encode(_) => f.write_str("the request body could not be encoded"),
            Self::NotAllowed(why) => write!(f, "the host does not allow this request: {why}"),
            Self::Dns(what) => write!(f, "the server was not found: {what}"),
            Self::Connect(what) => write!(f, "the server cannot be reached: {what}"),
            Self::Tls(what) => write!(f, "no secure connection to the server: {what}"),
            Self::Timeout => f.write_str("the server did not answer in time"),
            Self::TooLarge { limit } => {
                write!(f, "the response body is longer than {limit} bytes")
            }
            Self::TooManyRedirects(to) => write!(f, "too many redirects, the last to {to}"),
            Self::Protocol(what) => write!(f, "the server did not answer with HTTP: {what}"),
            Self::Overloaded => f.write_str("too many requests in flight"),
            Self::Body(_) => f.write_str("the response body could not be read"),
            Self::Decode(_) => f.write_str("the response body could not be decoded"),
            Self::Status(status) => write!(f, "the server answered with status {status}"),
            Self::NoHost => f.write_str(
                "no host to send a request; in a test, functions_http::testing stands in for one",
            ),
            Self::Other(what) => write!(f, "the request failed: {what}"),
        }
    }
}

impl StdError for Error {
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

#[cfg(test)]
mod tests {
    use functions_guest_web::WebError;

    use super::*;

    /// Each error is answered with the status that fits, also from inside another, and the log says
    /// nothing twice.
    #[test]
    fn errors_bring_their_status() {
        let decode = DecodeError::new("JSON", "expected value", std::fmt::Error);
        for (error, status) in [
            (Error::Timeout, 504),
            (Error::NotAllowed("x".into()), 403),
            (Error::Overloaded, 503),
            (Error::Dns("x".into()), 502),
            (Error::Connect("x".into()), 502),
            (Error::Tls("x".into()), 502),
            (Error::Protocol("x".into()), 502),
            (Error::TooLarge { limit: 1 }, 502),
            (Error::TooManyRedirects("x".into()), 502),
            (Error::Body(ReadError::Closed), 502),
            (Error::Decode(decode), 502),
            (Error::Status(404), 502),
            (Error::Other("x".into()), 502),
            (Error::InvalidUrl("x".into()), 500),
            (Error::InvalidMethod("x".into()), 500),
            (Error::InvalidHeader("x".into()), 500),
            (Error::NoHost, 500),
        ] {
            let text = error.to_string();
            let wrapped = WebError::from(Wrapped(error));
            assert_eq!(wrapped.status().as_u16(), status, "{text}");
            let logged = wrapped.to_string();
            assert!(logged.starts_with(&format!("while proxying: {text}")));
            assert!(wrapped.public().is_none(), "not for the client: {logged}");
        }
    }

    /// The chain ends with the real cause and names each cause once, however it is printed.
    #[test]
    fn sources_are_real_causes() {
        let unread = Error::Body(ReadError::Closed);
        let decode = DecodeError::new("JSON", "line 1", std::fmt::Error);
        for (error, expected) in [
            (Error::Timeout, "the server did not answer in time"),
            (
                unread,
                "the response body could not be read: the sender went away before the end of the body",
            ),
            (
                Error::Decode(decode),
                "the response body could not be decoded: the body is not valid JSON for this type: an \
                 error occurred when formatting an argument",
            ),
            (
                Error::Encode(Box::new(std::fmt::Error)),
                "the request body could not be encoded: an error occurred when formatting an argument",
            ),
        ] {
            let error = anyhow::Error::from(error);
            assert_eq!(format!("{error:#}"), expected);
            assert_eq!(WebError::from(error).to_string(), expected);
        }
    }

    #[derive(Debug)]
    struct Wrapped(Error);

    impl fmt::Display for Wrapped {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("while proxying")
        }
    }

    impl StdError for Wrapped {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            Some(&self.0)
        }
    }
}
