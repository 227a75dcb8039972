use std::fmt;

use functions_bytes::Data;
use functions_bytes::encoding::Encode;
use http::StatusCode;

use super::failed::{Failed, HANDLER, Kind};
use super::headers::List;
use super::{InvalidHeader, Status};
use crate::WebError;
use crate::problem;

mod ending;
mod headers;
#[cfg(test)]
mod tests;

/// A response: status, headers and body.
///
/// ```
/// use functions_guest_web::{Json, WebResponse, WebResult};
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
///
/// # Errors inside a response
///
/// A response made from a [`WebError`] or a [`Rejection`](crate::Rejection) keeps that error, and
/// becomes a problem document (RFC 9457) only when it is sent. It has the error's status, whatever
/// [`with_status`](Self::with_status) or a tuple around it says; headers can be added.
/// [`map_error`](Self::map_error) makes another response from the error.
///
/// A response that a middleware got from `Next` is a response as any: the middleware can
/// set its status and add headers to it, by methods or in a tuple, whether or not it answers an error.
#[must_use]
pub struct WebResponse {
    status: u16,
    /// What the author set, as the contract has it: made once, and not parsed again.
    headers: List,
    /// The body's own content type, which counts unless `headers` has one.
    content_type: Option<&'static str>,
    body: Data,
    /// The error that answers instead of the body.
    failed: Option<Box<Failed>>,
    /// Whether a tuple leaves this as it is: what stands in the tuple is an error.
    is_error: bool,
    streamed: bool,
    /// What sends it, once its status and headers are what they are going to be.
    sender: Option<Box<dyn FnOnce(WebResponse) -> WebResponse>>,
}

impl WebResponse {
    /// An empty response with status 200.
    pub fn new() -> Self {
        Self {
            status: StatusCode::OK.as_u16(),
            headers: Vec::new(),
            content_type: None,
            body: Data::default(),
            failed: None,
            is_error: false,
            streamed: false,
            sender: None,
        }
    }

    /// One that the SDK knows to be valid.
    #[inline]
    pub(crate) fn of(status: StatusCode, content_type: Option<&'static str>, body: Data) -> Self {
        Self {
            status: status.as_u16(),
            content_type,
            body,
            ..Self::new()
        }
    }

    /// One that an error answers.
    pub(crate) fn failed(error: WebError, kind: &'static Kind) -> Self {
        Self {
            status: error.status().as_u16(),
            content_type: Some(problem::MEDIA_TYPE),
            failed: Some(Box::new(Failed::new(error, kind))),
            is_error: true,
            ..Self::new()
        }
    }

    /// Sets headers that are known to be valid.
    pub(crate) fn with_valid_headers(mut self, headers: List) -> Self {
        self.headers = headers;
        self
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
            _ if self
                .failed
                .as_ref()
                .is_some_and(|failed| !failed.is_settled) => {}
            Some(status) => self.status = status,
            None => self.refuse(InvalidHeader::Status(status.as_u16())),
        }
        self
    }

    /// Sets the body, and `content-type` from it unless that is set with [`header`](Self::header).
    ///
    /// # Errors
    ///
    /// When the body's encoding fails, when a status or header before was invalid, when this is the
    /// response to an error, or when the response was streamed already.
    pub fn with_body<B: Encode>(mut self, body: B) -> Result<Self, WebError> {
        if self.streamed {
            self.refuse(InvalidHeader::Sent);
        }
        if let Some(failed) = self.failed {
            return Err(failed.error);
        }
        self.content_type = body.content_type();
        self.body = body.encode()?;
        Ok(self)
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The handler is done with this response: what is set from here on is a layer's, such as CORS, and counts
    /// also where the handler failed.
    #[cfg(feature = "router")]
    pub(crate) fn settled(mut self) -> Self {
        self.is_error = false;
        if let Some(failed) = &mut self.failed {
            failed.is_invalid = false;
            failed.is_settled = true;
        }
        if let Some(sender) = self.sender.take() {
            let handlers = self.headers.clone();
            self.sender = Some(Box::new(move |head| {
                let mut layers = head.headers.clone();
                layers.retain(|header| !handlers.contains(header));
                let sent = sender(head);
                if sent.failed.is_some() {
                    return sent.with_valid_headers(layers);
                }
                sent
            }));
        }
        self
    }

    /// The first that is wrong is the one that is told, and nothing of this response is sent.
    fn refuse(&mut self, invalid: InvalidHeader) {
        if self.failed.is_none() {
            let streamed = self.streamed;
            *self = Self::failed(invalid.into(), &HANDLER);
            self.streamed = streamed;
            if let Some(failed) = &mut self.failed {
                failed.is_invalid = true;
            }
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
        let names: Vec<_> = self.headers().map(|(name, _)| name).collect();
        f.debug_struct("WebResponse")
            .field("status", &self.status)
            .field("headers", &names)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}
