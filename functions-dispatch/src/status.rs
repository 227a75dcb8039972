use std::fmt;

/// What came of a run of a function: `dispatch.sdk.v1.Status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[non_exhaustive]
pub enum Status {
    /// Nothing is known.
    #[default]
    Unspecified,
    /// The function returned, or waits for calls.
    Ok,
    /// It took too long. Retried.
    Timeout,
    /// Too much was asked of something. Retried.
    Throttled,
    /// The input is invalid.
    InvalidArgument,
    /// The response is invalid.
    InvalidResponse,
    /// A failure that may pass. Retried.
    TemporaryError,
    /// A failure that does not pass.
    PermanentError,
    /// The state of the function is of another version of its code. It runs again from the start.
    IncompatibleState,
    /// A name has no address. Retried.
    DnsError,
    /// A connection failed. Retried.
    TcpError,
    /// TLS failed. Retried.
    TlsError,
    /// HTTP failed. Retried.
    HttpError,
    /// Credentials are missing or invalid.
    Unauthenticated,
    /// It is not allowed.
    PermissionDenied,
    /// The function does not exist.
    NotFound,
}

const ALL: [Status; 16] = [
    Status::Unspecified,
    Status::Ok,
    Status::Timeout,
    Status::Throttled,
    Status::InvalidArgument,
    Status::InvalidResponse,
    Status::TemporaryError,
    Status::PermanentError,
    Status::IncompatibleState,
    Status::DnsError,
    Status::TcpError,
    Status::TlsError,
    Status::HttpError,
    Status::Unauthenticated,
    Status::PermissionDenied,
    Status::NotFound,
];

impl Status {
    /// The number that stands for it in messages.
    #[must_use]
    pub fn number(self) -> i32 {
        self as i32
    }

    /// The status with a number; [`Unspecified`](Self::Unspecified) for one that is unknown.
    #[must_use]
    pub fn from_number(number: i32) -> Self {
        let known = usize::try_from(number).ok().and_then(|at| ALL.get(at));
        known.copied().unwrap_or_default()
    }

    /// Whether a scheduler runs the call again.
    #[must_use]
    pub fn is_temporary(self) -> bool {
        matches!(
            self,
            Self::Timeout
                | Self::Throttled
                | Self::TemporaryError
                | Self::IncompatibleState
                | Self::DnsError
                | Self::TcpError
                | Self::TlsError
                | Self::HttpError
        )
    }
}

/// Why a function failed, and whether running it again can help.
///
/// Any other error that a handler returns becomes [`Status::PermanentError`].
///
/// ```
/// use functions_dispatch::{Failure, Status};
///
/// fn fetch(url: String) -> Result<String, Failure> {
///     if url.is_empty() {
///         return Err(Failure::new(Status::InvalidArgument, "the URL is empty"));
///     }
///     let number: u8 = url.parse()?;
///     Ok(number.to_string())
/// }
///
/// assert_eq!(fetch(String::new()).unwrap_err().status(), Status::InvalidArgument);
/// assert_eq!(fetch("x".into()).unwrap_err().status(), Status::PermanentError);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    status: Status,
    kind: String,
    message: String,
}

impl Failure {
    /// A failure with a status. A function fails with any but [`Status::Ok`], which counts as
    /// [`Status::PermanentError`].
    #[must_use]
    pub fn new(status: Status, message: impl Into<String>) -> Self {
        let status = match status {
            Status::Ok => Status::PermanentError,
            other => other,
        };
        Self {
            status,
            kind: "Failure".to_owned(),
            message: message.into(),
        }
    }

    /// Sets the type of the error, which callers see beside its message.
    #[must_use]
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = kind.into();
        self
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
    }

    /// What happened.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The type of the error, and what happened.
    pub(crate) fn into_parts(self) -> (String, String) {
        (self.kind, self.message)
    }
}

/// It is no `std::error::Error`, so that every error converts into it.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl<E: std::error::Error + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            message = format!("{message}: {cause}");
            source = cause.source();
        }
        let name = std::any::type_name::<E>();
        let name = name.split('<').next().unwrap_or(name);
        let name = name.rsplit("::").next().unwrap_or(name);
        Self::new(Status::PermanentError, message).kind(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every number stands for one status, and other numbers for none.
    #[test]
    fn numbers_stand_for_statuses() {
        for (number, status) in ALL.into_iter().enumerate() {
            let number = i32::try_from(number).unwrap();
            assert_eq!(
                (status.number(), Status::from_number(number)),
                (number, status)
            );
        }
        for unknown in [-1, 16, i32::MAX] {
            assert_eq!(Status::from_number(unknown), Status::Unspecified);
        }
    }

    /// A failure cannot claim success.
    #[test]
    fn failure_is_never_ok() {
        assert_eq!(
            Failure::new(Status::Ok, "").status(),
            Status::PermanentError
        );
    }
}
