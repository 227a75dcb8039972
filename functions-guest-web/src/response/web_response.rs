use std::fmt;

use functions_bytes::Data;
use functions_bytes::encoding::Encode;
use http::StatusCode;

use super::headers::{self, List};
use super::{IntoHeaders, IntoResponse as _, InvalidHeader, Status};
use crate::__private::bindings::exports::functions::web::handler::Response;
use crate::WebError;

/// A response: status, headers and body.
///
/// ```
/// use functions_bytes::encoding::Json;
/// use functions_guest_web::{WebResponse, WebResult};
///
/// fn created() -> WebResult<WebResponse> {
///     Ok(WebResponse::new()
///         .with_status(201)
///         .header("set-cookie", "a=1")
///         .header("set-cookie", "b=2")
///         .with_body(Json(["a", "b"]))?)
/// }
/// assert_eq!(created()?.status(), 201);
/// # Ok::<(), functions_guest_web::WebError>(())
/// ```
///
/// A status, name or value that HTTP does not allow is an error: [`with_body`](Self::with_body)
/// returns it, and without a body it answers 500. It is never left out in silence.
#[must_use]
pub struct WebResponse {
    status: u16,
    /// As the contract has them: they are made once, and not parsed again.
    headers: List,
    body: Data,
    invalid: Option<Invalid>,
    streamed: bool,
    /// What sends it, once its status and headers are what they are going to be.
    sender: Option<Box<dyn FnOnce(WebResponse) -> WebResponse>>,
}

/// What was wrong, and what that is answered with. A pointer, so that a function which sets neither
/// status nor header does not carry what it takes to complain about one.
struct Invalid {
    what: InvalidHeader,
    answer: fn(InvalidHeader) -> WebResponse,
}

impl WebResponse {
    /// An empty response with status 200.
    pub fn new() -> Self {
        Self {
            status: StatusCode::OK.as_u16(),
            headers: Vec::new(),
            body: Data::default(),
            invalid: None,
            streamed: false,
            sender: None,
        }
    }

    /// One that the SDK knows to be valid.
    #[inline]
    pub(crate) fn of(status: StatusCode, content_type: Option<&str>, body: Data) -> Self {
        let headers = content_type.map(|value| ("content-type".into(), value.into()));
        Self {
            status: status.as_u16(),
            headers: headers.into_iter().collect(),
            body,
            ..Self::new()
        }
    }

    /// Adds a header that the SDK knows to be valid.
    #[cfg(feature = "router")]
    pub(crate) fn valid_header(mut self, name: &str, value: String) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// One that was sent already.
    pub(crate) fn streamed() -> Self {
        Self {
            streamed: true,
            ..Self::new()
        }
    }

    /// One that is sent by `sender`, after all has been set that the handler sets.
    pub(crate) fn sent_by(sender: impl FnOnce(Self) -> Self + 'static) -> Self {
        Self {
            sender: Some(Box::new(sender)),
            ..Self::new()
        }
    }

    /// Sets the status: a number, or a [`StatusCode`].
    pub fn with_status(mut self, status: impl Into<Status>) -> Self {
        let status = status.into();
        match status.checked() {
            _ if self.streamed => self.refuse(InvalidHeader::Sent),
            Some(status) => self.status = status,
            None => self.refuse(InvalidHeader::Status(status.as_u16())),
        }
        self
    }

    /// Adds a header; those of the same name stay.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.push(name.into(), value.into());
        self
    }

    /// Replaces the headers by these.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use functions_guest_web::WebResponse;
    ///
    /// let headers = BTreeMap::from([("x-one".to_owned(), "1".to_owned())]);
    /// let response = WebResponse::new().with_headers(headers.into_iter().collect());
    /// assert_eq!(response.headers().count(), 1);
    /// ```
    pub fn with_headers(mut self, headers: Vec<(String, String)>) -> Self {
        self.headers.clear();
        self.append_headers(headers)
    }

    /// Adds headers: an `http::HeaderMap`, or an array or a `Vec` of names and values.
    pub fn append_headers(mut self, headers: impl IntoHeaders) -> Self {
        for (name, value) in headers.into_headers() {
            self.push(name, value);
        }
        self
    }

    /// Adds headers, instead of the content type that the body brought if they have one.
    pub(super) fn override_headers(mut self, headers: impl IntoHeaders) -> Self {
        let before = self.headers.len();
        self = self.append_headers(headers);
        let is_content_type =
            |(name, _): &(String, Vec<u8>)| name.eq_ignore_ascii_case("content-type");
        if self.headers.iter().skip(before).any(is_content_type) {
            let mut place = 0;
            self.headers.retain(|header| {
                place += 1;
                place > before || !is_content_type(header)
            });
        }
        self
    }

    /// Sets the body, and `content-type` from it unless that was set before.
    ///
    /// # Errors
    ///
    /// When the body's encoding fails, when a status or header before was invalid, or when the response
    /// was streamed already.
    pub fn with_body<B: Encode>(mut self, body: B) -> Result<Self, WebError> {
        if self.streamed {
            self.refuse(InvalidHeader::Sent);
        }
        if let Some(invalid) = self.invalid {
            return Err(invalid.what.into());
        }
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

    fn push(&mut self, name: String, value: Vec<u8>) {
        match headers::check(&name, &value) {
            _ if self.streamed => self.refuse(InvalidHeader::Sent),
            Ok(()) => self.headers.push((name, value)),
            Err(invalid) => self.refuse(invalid),
        }
    }

    /// The first that is wrong is the one that is told.
    fn refuse(&mut self, invalid: InvalidHeader) {
        let answer = |what| WebError::from(what).into_response();
        self.invalid.get_or_insert(Invalid {
            what: invalid,
            answer,
        });
    }

    /// The response as it is to be sent: itself, a failure where something was invalid, or `None`
    /// where it was streamed.
    pub(crate) fn finish(mut self) -> Option<Self> {
        if let Some(sender) = self.sender.take() {
            return sender(self).finish();
        }
        let streamed = self.streamed;
        let whole = match self.invalid.take() {
            None => self,
            // Making the answer logs what was wrong, also where the client has another already.
            Some(invalid) => (invalid.answer)(invalid.what),
        };
        (!streamed).then_some(whole)
    }

    /// The status and headers of a response that is going to be streamed.
    pub(crate) fn into_head(self) -> Result<(u16, List), InvalidHeader> {
        match self.invalid {
            None => Ok((self.status, self.headers)),
            Some(invalid) => Err(invalid.what),
        }
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

/// Shows the headers' names, and how long the body is: the rest may be secrets.
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

#[cfg(test)]
mod tests;
