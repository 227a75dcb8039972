use std::error::Error;
use std::fmt;

use crate::__private::bindings::functions::bytes::bytes::Error as WitError;

/// Why the bytes of a [`Data`](crate::Data) could not be read.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadError {
    /// The sender went away, or broke the protocol, before the last byte. What was read so far is
    /// incomplete and must not be taken for the whole.
    Closed,
    /// There are more bytes than the caller was ready to take.
    TooLarge {
        /// What the caller was ready to take, in bytes.
        limit: u64,
    },
    /// Anything else, in words meant for a log.
    Other(String),
}

/// As if derived. What a derive calls would be part of every function.
impl fmt::Debug for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("Closed"),
            Self::TooLarge { limit } => write!(f, "TooLarge {{ limit: {limit} }}"),
            Self::Other(what) => write!(f, "Other({what})"),
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the sender went away before the end of the body"),
            Self::TooLarge { limit } => write!(f, "the body is longer than {limit} bytes"),
            Self::Other(what) => write!(f, "the body could not be read: {what}"),
        }
    }
}

impl Error for ReadError {}

impl From<ReadError> for std::io::Error {
    fn from(error: ReadError) -> Self {
        let kind = match error {
            ReadError::Closed => std::io::ErrorKind::UnexpectedEof,
            ReadError::TooLarge { .. } => std::io::ErrorKind::FileTooLarge,
            ReadError::Other(_) => std::io::ErrorKind::Other,
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
}
