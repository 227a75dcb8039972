use std::convert::Infallible;
use std::error::Error;
use std::fmt;

use functions_bytes::__private::{answer, provide_answer};
use functions_bytes::ReadError;
use functions_bytes::encoding::DecodeError;
use http::StatusCode;

use super::{FromRequest, Request};
use crate::WebError;
use crate::response::failed::REFUSED;
use crate::response::{IntoResponse, WebResponse};

/// Why a request was refused before the handler ran, as the client is told.
///
/// The response is a problem document (RFC 9457) with this status and detail, unless
/// [`HandleErrors`](crate::HandleErrors) makes another of it.
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
    #[cold]
    pub(crate) fn misused(why: &str) -> Self {
        crate::logging::record(
            crate::logging::Level::Error,
            "functions_guest_web",
            why,
            &[],
        );
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the function failed")
    }

    /// The status the client gets.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The text for the client.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request was refused with ")?;
        f.write_str(self.status.as_str())?;
        f.write_str(": ")?;
        f.write_str(&self.detail)
    }
}

/// As it is displayed. A derive brings all of `Debug`'s machinery into every function.
impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for Rejection {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        provide_answer(self.status.as_u16(), Some(self.detail.clone()));
        match &self.source {
            Some(source) => Some(source.as_ref()),
            None => None,
        }
    }
}

/// A body that cannot be read is its sender's fault: the client's, unless the function asked another
/// for it.
impl From<ReadError> for Rejection {
    fn from(error: ReadError) -> Self {
        let status = match error {
            ReadError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            ReadError::Upstream(_) => StatusCode::BAD_GATEWAY,
            _ => StatusCode::BAD_REQUEST,
        };
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
            None if is_misuse(&error) => Self::misused(&format!(
                "the body cannot be decoded here: {}",
                error.detail()
            )),
            None => Self {
                status: StatusCode::BAD_REQUEST,
                detail: error.detail(),
                source: Some(error.into()),
            },
        }
    }
}

/// Whether no body could be decoded into the type, as the decoder's error says.
fn is_misuse(error: &DecodeError) -> bool {
    error
        .source()
        .is_some_and(|cause| answer(cause).0.is_some())
}

impl From<Infallible> for Rejection {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> WebResponse {
        WebResponse::failed(WebError::from(self), &REFUSED)
    }
}

/// `None` where the request has no such thing, as [`FromRequest::optional_from_request`] says.
impl<T: FromRequest> FromRequest for Option<T> {
    const BODY: bool = T::BODY;
    const BODY_IS_CERTAIN: bool = T::BODY_IS_CERTAIN;

    fn from_request(request: &mut Request) -> Result<Self, Rejection> {
        T::optional_from_request(request)
    }
}

/// For a handler that answers a refusal itself.
impl<T: FromRequest> FromRequest for Result<T, Rejection> {
    const BODY: bool = T::BODY;
    const BODY_IS_CERTAIN: bool = T::BODY_IS_CERTAIN;

    fn from_request(request: &mut Request) -> Result<Self, Rejection> {
        Ok(T::from_request(request))
    }
}
