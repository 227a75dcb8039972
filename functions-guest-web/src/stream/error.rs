use std::error::Error;
use std::fmt;
use std::io;

/// Why a response could not be streamed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamError {
    /// The response was started before.
    Started,
    /// The client closed the connection: nothing more reaches it. Clean up, and return.
    Closed,
    /// An invalid status, header or event.
    Invalid(String),
    /// Any other failure, in words for a log.
    Other(String),
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started => f.write_str("the response was started before"),
            Self::Closed => f.write_str("the client went away"),
            Self::Invalid(what) => write!(f, "not allowed in a response: {what}"),
            Self::Other(what) => write!(f, "the response could not be streamed: {what}"),
        }
    }
}

impl Error for StreamError {}

impl From<StreamError> for io::Error {
    fn from(error: StreamError) -> Self {
        let kind = match error {
            StreamError::Closed => io::ErrorKind::BrokenPipe,
            StreamError::Invalid(_) => io::ErrorKind::InvalidInput,
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}
