use std::error::Error;
use std::fmt;

use crate::__private::bindings::functions::bytes::bytes::Error as WitError;
use crate::answer;

/// Why the bytes of a [`Data`](crate::Data) could not be read.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadError {
    /// The sender closed the connection, or broke the protocol, before the last byte. The bytes read so
    /// far are incomplete.
    Closed,
    /// The body is longer than the limit.
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// Any other failure, in words for a log.
    Other(String),
    /// Any of these, in the body of an upstream's response. The client is not to blame, and a web
    /// function answers 502.
    Upstream(Box<ReadError>),
}

/// As it is displayed. What a derive calls would be part of every function.
impl fmt::Debug for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the sender went away before the end of the body"),
            Self::TooLarge { limit } => write!(f, "the body is longer than {limit} bytes"),
            Self::Other(what) => write!(f, "the body could not be read: {what}"),
            Self::Upstream(error) => {
                write!(f, "the response of an upstream could not be used: {error}")
            }
        }
    }
}

impl ReadError {
    /// A web function blames the sender: its client, unless the body is an upstream's response.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::TooLarge { .. } => 413,
            Self::Upstream(_) => 502,
            Self::Closed | Self::Other(_) => 400,
        }
    }
}

impl Error for ReadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        answer::provide(self.status(), Some(self.to_string()));
        None
    }
}

impl From<ReadError> for std::io::Error {
    fn from(error: ReadError) -> Self {
        let why = match &error {
            ReadError::Upstream(why) => why,
            why => why,
        };
        let kind = match why {
            ReadError::Closed => std::io::ErrorKind::UnexpectedEof,
            ReadError::TooLarge { .. } => std::io::ErrorKind::FileTooLarge,
            _ => std::io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

impl ReadError {
    pub(crate) fn from_wit(error: WitError) -> Self {
        match error {
            WitError::Closed => Self::Closed,
            WitError::TooLarge(limit) => Self::TooLarge { limit },
            WitError::Other(what) => Self::Other(what),
        }
    }

    /// As the body's sender makes it.
    pub(crate) fn of(self, upstream: bool) -> Self {
        if upstream {
            Self::Upstream(Box::new(self))
        } else {
            self
        }
    }
}
