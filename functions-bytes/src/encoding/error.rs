use std::error::Error;
use std::fmt;

use crate::ReadError;

type Source = Box<dyn Error + Send + Sync>;

/// Why a body could not be decoded: it could not be read, or is invalid.
///
/// [`detail`](DecodeError::detail) is for the sender of the body: what is wrong and where, and nothing
/// about the program.
pub struct DecodeError {
    kind: DecodeErrorKind,
}

enum DecodeErrorKind {
    Read(ReadError),
    Malformed {
        encoding: &'static str,
        detail: String,
        source: Source,
    },
}

impl DecodeError {
    /// A body that is not of `encoding`, such as `"JSON"`.
    ///
    /// `detail` is for the one who sent the body: what is wrong, and where.
    pub fn new(
        encoding: &'static str,
        detail: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self {
            kind: DecodeErrorKind::Malformed {
                encoding,
                detail: detail.into(),
                source: source.into(),
            },
        }
    }

    /// The cause, if the body could not be read.
    #[must_use]
    pub fn read_error(&self) -> Option<&ReadError> {
        match &self.kind {
            DecodeErrorKind::Read(error) => Some(error),
            DecodeErrorKind::Malformed { .. } => None,
        }
    }

    /// What is wrong with the body, and where, in words for its sender.
    #[must_use]
    pub fn detail(&self) -> String {
        match &self.kind {
            DecodeErrorKind::Read(error) => error.to_string(),
            DecodeErrorKind::Malformed { detail, .. } => detail.clone(),
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            // The source says the rest.
            DecodeErrorKind::Read(_) => f.write_str("the body could not be read"),
            DecodeErrorKind::Malformed { encoding, .. } => {
                write!(f, "the body is not valid {encoding} for this type")
            }
        }
    }
}

/// As it is displayed, with what is wrong. Not derived, as that brings all of `Debug`'s machinery
/// into every function.
impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DecodeError({self}: {})", self.detail())
    }
}

impl Error for DecodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            DecodeErrorKind::Read(error) => Some(error),
            DecodeErrorKind::Malformed { source, .. } => Some(source.as_ref()),
        }
    }
}

impl From<ReadError> for DecodeError {
    fn from(error: ReadError) -> Self {
        Self {
            kind: DecodeErrorKind::Read(error),
        }
    }
}

/// Why a value could not be encoded.
pub struct EncodeError {
    encoding: &'static str,
    source: Source,
}

impl EncodeError {
    /// A value that has no form in `encoding`, such as `"JSON"`.
    pub fn new(encoding: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            encoding,
            source: source.into(),
        }
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the value cannot be encoded as {}", self.encoding)
    }
}

/// As it is displayed, with its source.
impl fmt::Debug for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncodeError({self}: {})", self.source)
    }
}

impl Error for EncodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_ref())
    }
}
