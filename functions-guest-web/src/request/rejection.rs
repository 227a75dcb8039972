use std::convert::Infallible;
use std::error::Error;
use std::fmt;

use functions_bytes::ReadError;
use functions_bytes::encoding::DecodeError;
use http::StatusCode;

use crate::problem;
use crate::response::{IntoResponse, WebResponse};

/// Why a request was refused before the handler ran, as the client is told.
///
/// The response is a problem document (RFC 9457) with this status and detail.
#[derive(Debug)]
pub struct Rejection {
    status: StatusCode,
    detail: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Rejection {
    /// Refuses a request with `status`; `detail` tells the client what is wrong with it.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            source: None,
        }
    }

    /// A handler that no request can satisfy: only the log is told why.
    #[cfg(any(feature = "query", feature = "router"))]
    #[cold]
    pub(crate) fn misused(why: &str) -> Self {
        crate::log::record(crate::log::Level::Error, "functions_guest_web", why, &[]);
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the function failed")
    }

    /// The status the client gets.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What the client is told.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the request was refused with {}: {}",
            self.status.as_u16(),
            self.detail
        )
    }
}

impl Error for Rejection {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.source {
            Some(source) => Some(source.as_ref()),
            None => None,
        }
    }
}

impl From<ReadError> for Rejection {
    fn from(error: ReadError) -> Self {
        let status = crate::error::of_read(&error);
        Self {
            status,
            detail: error.to_string(),
            source: Some(error.into()),
        }
    }
}

impl From<DecodeError> for Rejection {
    fn from(error: DecodeError) -> Self {
        match error.read_error() {
            Some(read) => Self::from(read.clone()),
            None => Self {
                status: StatusCode::BAD_REQUEST,
                detail: error.detail(),
                source: Some(error.into()),
            },
        }
    }
}

impl From<Infallible> for Rejection {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> WebResponse {
        problem::response(self.status, &self.detail, None)
    }
}
