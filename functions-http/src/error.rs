use std::error::Error as StdError;
use std::fmt;

use functions_bytes::__private::AnswerWith;
use functions_bytes::ReadError;
use functions_bytes::encoding::DecodeError;
use functions_bytes::outgoing::Because;

/// Why a request has no response, or not the one that was wanted.
///
/// A handler that returns it (with `?`, in a `WebResult`) answers with the status that fits:
///
/// | error | status |
/// |---|---|
/// | [`Timeout`](Self::Timeout) | 504 |
/// | [`NotAllowed`](Self::NotAllowed) | 403 |
/// | [`Overloaded`](Self::Overloaded) | 503 |
/// | what is wrong with the request itself, and [`NoHost`](Self::NoHost) | 500 |
/// | all others: what the other server, or the way to it, did wrong | 502 |
///
/// Texts are meant for a log.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The URL is none, or none that can be requested.
    InvalidUrl(String),
    /// The method is none that HTTP allows, or `CONNECT`.
    InvalidMethod(String),
    /// A header is none that HTTP allows: its name.
    InvalidHeader(String),
    /// The request's body could not be encoded.
    Encode(Box<dyn StdError + Send + Sync>),
    /// The host does not let functions reach this server; the text says how to change that.
    NotAllowed(String),
    /// The server's name has no address.
    Dns(String),
    /// There is no connection: refused, unreachable.
    Connect(String),
    /// The TLS handshake failed, as when the certificate is for another name.
    Tls(String),
    /// The time was up before there was a response.
    Timeout,
    /// The response's body is longer than the request's limit.
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// There were more redirects than the request follows; the next would have led here.
    TooManyRedirects(String),
    /// What came is no HTTP, or the connection ended before there was a response.
    Protocol(String),
    /// This invocation has as many requests under way, or handles, as the host lets it have.
    Overloaded,
    /// The response's body could not be read, as when the connection ended half-way.
    Body(ReadError),
    /// The response's body is not what it should be.
    Decode(DecodeError),
    /// The response's status is a failure; see
    /// [`error_for_status`](crate::Response::error_for_status).
    Status(u16),
    /// There is no host: this runs natively, and no test's stand-in answers.
    NoHost,
    /// Anything else.
    Other(String),
}

impl Error {
    fn answer(&self) -> &'static AnswerWith {
        match self {
            Self::Timeout => &AnswerWith(504),
            Self::NotAllowed(_) => &AnswerWith(403),
            Self::Overloaded => &AnswerWith(503),
            Self::InvalidUrl(_)
            | Self::InvalidMethod(_)
            | Self::InvalidHeader(_)
            | Self::Encode(_)
            | Self::NoHost => &AnswerWith(500),
            _ => &AnswerWith(502),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidUrl(what) => write!(f, "the URL cannot be requested: {what}"),
            Self::InvalidMethod(method) => write!(f, "{method:?} is not a method of HTTP"),
            Self::InvalidHeader(name) => write!(f, "the header {name:?} is not allowed in HTTP"),
            Self::Encode(error) => write!(f, "{error}{}", Because(error.as_ref())),
            Self::NotAllowed(why) => write!(f, "the host does not allow this request: {why}"),
            Self::Dns(what) => write!(f, "the server was not found: {what}"),
            Self::Connect(what) => write!(f, "the server cannot be reached: {what}"),
            Self::Tls(what) => write!(f, "there is no secure connection to the server: {what}"),
            Self::Timeout => f.write_str("the server did not answer in time"),
            Self::TooLarge { limit } => write!(f, "the response is longer than {limit} bytes"),
            Self::TooManyRedirects(to) => write!(f, "there were too many redirects, the last to {to}"),
            Self::Protocol(what) => write!(f, "the server did not answer with HTTP: {what}"),
            Self::Overloaded => f.write_str("too many requests are under way"),
            Self::Body(error) => write!(f, "the response could not be read: {error}"),
            Self::Decode(error) => write!(f, "the response is not what it should be: {}", error.detail()),
            Self::Status(status) => write!(f, "the server answered with status {status}"),
            Self::NoHost => f.write_str(
                "there is no host to send a request; in a test, functions_http::testing stands in for one",
            ),
            Self::Other(what) => write!(f, "the request failed: {what}"),
        }
    }
}

/// Its text says all that is known: the source is there to tell a web function what to answer.
impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.answer())
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
            assert_eq!(wrapped.to_string(), format!("while proxying: {text}"));
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
