use std::error::Error as StdError;
use std::fmt;

/// Why a call could not be made, dispatched or answered.
///
/// The texts are those of Dispatch's other SDKs where they have one.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// No API key is set.
    NoApiKey,
    /// The scheduler does not know the API key. The text shows its first letters, and where it was set.
    InvalidApiKey(String),
    /// The URL of the scheduler is invalid.
    InvalidApiUrl(String),
    /// The endpoint does not know its own URL.
    NoEndpointUrl,
    /// The endpoint has no function of this name.
    NotRegistered(String),
    /// The endpoint or the function's name of a call is invalid.
    InvalidCall(String),
    /// A value has another type than the one that was asked for.
    WrongType {
        /// The type that was asked for.
        expected: &'static str,
        /// The name of the value's type.
        found: String,
    },
    /// A number does not fit into the type that was asked for, or not without a loss.
    OutOfRange(String),
    /// A value cannot be written as this type, or a message cannot be read.
    InvalidMessage(String),
    /// The scheduler refused a request.
    Refused {
        /// The code, such as `invalid_argument`.
        code: String,
        /// What the scheduler says.
        message: String,
    },
    /// The scheduler could not be reached, or did not answer.
    Http(functions_http::Error),
    /// A call that was awaited failed.
    Failed {
        /// The type of the function's error.
        kind: String,
        /// What happened.
        message: String,
    },
    /// A verification key cannot be parsed.
    InvalidKey(String),
    /// The signature of a request is missing or malformed.
    Unauthenticated(String),
    /// The signature of a request is invalid.
    PermissionDenied(String),
}

impl Error {
    pub(crate) fn invalid_message(why: impl Into<String>) -> Self {
        Self::InvalidMessage(why.into())
    }

    /// Whether the scheduler or the endpoint does not know who asks.
    #[must_use]
    pub fn is_unauthenticated(&self) -> bool {
        matches!(self, Self::InvalidApiKey(_) | Self::Unauthenticated(_))
    }

    /// Whether a call that was awaited failed.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }

    /// Whether the scheduler did not answer in time.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Http(error) if error.is_timeout())
    }

    /// The code of the scheduler's refusal.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            Self::InvalidApiKey(_) => Some("unauthenticated"),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoApiKey => f.write_str(
                "Dispatch API key has not been set. Use .api_key(..), or set the DISPATCH_API_KEY environment \
                 variable",
            ),
            Self::InvalidApiKey(shown) => f.write_str(shown),
            Self::InvalidApiUrl(url) => write!(
                f,
                "invalid DISPATCH_API_URL {url:?}: expected a URL of http or https"
            ),
            Self::NoEndpointUrl => f.write_str(
                "Dispatch endpoint URL has not been set. Use .url(..), or set the DISPATCH_ENDPOINT_URL \
                 environment variable",
            ),
            Self::NotRegistered(name) => write!(
                f,
                "cannot dispatch function call: function has not been registered with a Dispatch endpoint: \
                 {name:?}"
            ),
            Self::InvalidCall(why) | Self::InvalidKey(why) | Self::OutOfRange(why) => {
                f.write_str(why)
            }
            Self::WrongType { expected, found } => {
                write!(f, "expected a value of type {expected}, found {found:?}")
            }
            Self::InvalidMessage(why) => write!(f, "invalid message: {why}"),
            Self::Refused { code, message } => write!(f, "{code}: {message}"),
            Self::Http(_) => f.write_str("the scheduler cannot be reached"),
            Self::Failed { kind, message } if kind.is_empty() => f.write_str(message),
            Self::Failed { kind, message } => write!(f, "{kind}: {message}"),
            Self::Unauthenticated(why) | Self::PermissionDenied(why) => f.write_str(why),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Http(error) => Some(error),
            _ => None,
        }
    }
}

impl From<functions_http::Error> for Error {
    fn from(error: functions_http::Error) -> Self {
        Self::Http(error)
    }
}
