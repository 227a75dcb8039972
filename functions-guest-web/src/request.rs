//! What a handler takes.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;

use bytes::Bytes;
use functions_bytes::encoding::{DecodeError, Extract};
use functions_bytes::{Data, ReadError};
use http::StatusCode;

use crate::problem;
use crate::response::{IntoResponse, WebResponse};

/// The request that a function is answering.
#[derive(Debug)]
pub struct Request {
    body: Option<Data>,
}

impl Request {
    pub(crate) fn new(body: Data) -> Self {
        Self { body: Some(body) }
    }

    /// Takes the body; there is none left afterwards.
    pub fn take_body(&mut self) -> Data {
        self.body.take().unwrap_or_default()
    }
}

/// An argument of a handler: something that a request can be turned into.
///
/// Implemented for `Data`, `Vec<u8>`, `bytes::Bytes`, `String` and `Json<T>`. Implement it for a
/// type of your own:
///
/// ```
/// use functions_guest_web::{FromRequest, Rejection, Request, invoke};
/// use http::StatusCode;
///
/// /// The lines of a text.
/// struct Lines(Vec<String>);
///
/// impl FromRequest for Lines {
///     const BODY: bool = true;
///
///     fn from_request(request: &mut Request) -> Result<Self, Rejection> {
///         let text = String::from_request(request)?;
///         if text.is_empty() {
///             return Err(Rejection::new(StatusCode::BAD_REQUEST, "a text has at least one line"));
///         }
///         Ok(Self(text.lines().map(str::to_owned).collect()))
///     }
/// }
///
/// invoke!(count);
/// fn count(Lines(lines): Lines) -> String {
///     lines.len().to_string()
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a web function cannot take `{Self}` as an argument",
    label = "a request cannot be turned into this",
    note = "take `Data`, `Vec<u8>`, `String` or `Json<T>` (which needs `T: serde::Deserialize`), or implement `FromRequest`"
)]
pub trait FromRequest: Sized {
    /// Whether this takes the body, which can be taken only once.
    const BODY: bool = false;

    /// Makes the argument, or refuses the request.
    ///
    /// # Errors
    ///
    /// A [`Rejection`], which becomes the response; the handler is not run.
    fn from_request(request: &mut Request) -> Result<Self, Rejection>;
}

/// Types that the body is decoded into.
macro_rules! from_body {
    ($($type:ty,)*) => {$(
        impl FromRequest for $type {
            const BODY: bool = true;

            fn from_request(request: &mut Request) -> Result<Self, Rejection> {
                Ok(<$type>::extract(request.take_body())?)
            }
        }
    )*};
}

from_body! {
    Data,
    Vec<u8>,
    Bytes,
    String,
}

#[cfg(feature = "json")]
impl<T> FromRequest for functions_bytes::encoding::Json<T>
where
    Self: Extract<Error = DecodeError>,
{
    const BODY: bool = true;

    fn from_request(request: &mut Request) -> Result<Self, Rejection> {
        Ok(Self::extract(request.take_body())?)
    }
}

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
        let status = match error {
            ReadError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
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
        problem::response(self.status, &self.detail)
    }
}
