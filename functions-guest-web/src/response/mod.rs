//! What a handler returns.

mod into_response;

use std::fmt;

use functions_bytes::Data;
use functions_bytes::encoding::Encode;
use http::StatusCode;

use crate::__private::bindings::exports::functions::web::handler::Response;
use crate::WebError;

/// What a handler can return.
///
/// Implemented for the encodings (`&'static str`, `String`, `Vec<u8>`, `Bytes`, `Data`, `Json<T>`),
/// for [`WebResponse`], and for `Result`s of them whose error is a [`WebError`] or becomes one.
#[diagnostic::on_unimplemented(
    message = "a web function cannot return `{Self}`",
    label = "not a response",
    note = "return `Json<T>` (which needs `T: serde::Serialize`), `String`, `Vec<u8>`, `Data`, `WebResponse`, or a `WebResult` of them"
)]
pub trait IntoResponse {
    /// Makes the response.
    fn into_response(self) -> WebResponse;
}

/// A response: status, headers and body.
///
/// ```
/// use functions_bytes::encoding::Json;
/// use functions_guest_web::{WebResponse, WebResult};
///
/// fn created() -> WebResult<WebResponse> {
///     Ok(WebResponse::new().with_status(201).with_body(Json(["a", "b"]))?)
/// }
/// # assert_eq!(created().unwrap().status(), 201);
/// ```
#[must_use]
pub struct WebResponse {
    status: u16,
    /// As the contract has them: making them costs nothing more, and nothing is parsed twice.
    headers: Vec<(String, Vec<u8>)>,
    body: Data,
}

impl WebResponse {
    /// An empty response with status 200.
    pub fn new() -> Self {
        Self {
            status: StatusCode::OK.as_u16(),
            headers: Vec::new(),
            body: Data::default(),
        }
    }

    pub(crate) fn of(status: StatusCode, content_type: Option<&str>, body: Data) -> Self {
        let headers = content_type.map(|value| ("content-type".into(), value.into()));
        Self {
            status: status.as_u16(),
            headers: headers.into_iter().collect(),
            body,
        }
    }

    /// Sets the status.
    ///
    /// A status that is none, below 200 or above 599, makes the host answer 500.
    pub fn with_status(mut self, status: impl Into<Status>) -> Self {
        self.status = status.into().0;
        self
    }

    /// Adds a header; those of the same name stay.
    ///
    /// A name or a value that HTTP does not allow makes the host answer 500.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body, and `content-type` from it unless that was set before.
    ///
    /// # Errors
    ///
    /// When the body's encoding fails.
    pub fn with_body<B: Encode>(mut self, body: B) -> Result<Self, WebError> {
        let content_type = body.content_type();
        self.body = body.encode()?;
        if let Some(value) = content_type
            && !self
                .headers
                .iter()
                .any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        {
            self.headers.push(("content-type".into(), value.into()));
        }
        Ok(self)
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The headers, in the order they were added.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// The body.
    pub fn into_body(self) -> Data {
        self.body
    }

    pub(crate) fn into_wit(self) -> Response {
        Response {
            status: self.status,
            headers: self.headers,
            body: functions_bytes::__private::into_wit(self.body),
        }
    }
}

impl Default for WebResponse {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for WebResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("WebResponse")
            .field("status", &self.status)
            .field("headers", &names)
            .field("body", &self.body)
            .finish()
    }
}

/// A status for [`WebResponse::with_status`]: a number, or a [`StatusCode`].
#[derive(Debug, Clone, Copy)]
pub struct Status(u16);

impl From<u16> for Status {
    fn from(status: u16) -> Self {
        Self(status)
    }
}

impl From<StatusCode> for Status {
    fn from(status: StatusCode) -> Self {
        Self(status.as_u16())
    }
}
