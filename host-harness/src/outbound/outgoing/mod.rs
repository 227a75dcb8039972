//! A validated request, and its changes on redirects.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Request, StatusCode, Uri};
use http_body::Body as _;
use percent_encoding::{CONTROLS, percent_encode};
use tokio::time::Instant;
use url::Url;

use super::Error;
use crate::message::body::Body;
use crate::message::cookies::join_cookies;
use crate::message::headers::{self, HeaderLimit, InvalidHeader};

/// A request as a function gives it, without the body.
#[derive(Debug)]
pub(crate) struct RequestHead {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    /// The most redirects to follow.
    pub(crate) redirects: u32,
    /// The most bytes of the response's body.
    pub(crate) response_limit: Option<u64>,
}

/// A validated request, and its limits.
pub(crate) struct Outgoing {
    method: Method,
    url: Url,
    pub(crate) headers: HeaderMap,
    payload: Payload,
    /// The function set `content-length: 0`.
    declares_no_body: bool,
    pub(crate) redirects: u32,
    /// Whether a request that its method does not make idempotent is, as far as its sender cares.
    pub(crate) may_repeat: bool,
    pub(crate) response_limit: Option<u64>,
    /// When the response's head is due.
    pub(crate) deadline: Option<Instant>,
    /// When the last byte of the response's body is due.
    pub(crate) body_deadline: Option<Instant>,
}

/// A request's body.
pub(crate) enum Payload {
    /// Can be sent any number of times.
    Bytes(Bytes),
    /// Can be sent once; `None` afterwards.
    Stream(Option<Body>),
}

impl Outgoing {
    /// Validates a function's request.
    pub(crate) fn new(request: RequestHead, payload: Payload) -> Result<Self, Error> {
        let method = Method::from_bytes(request.method.as_bytes())
            .ok()
            .filter(|method| method != Method::CONNECT)
            .ok_or(Error::InvalidMethod(request.method))?;
        let url = checked(&request.url)
            .map_err(|why| Error::InvalidUrl(format!("{:?}: {why}", request.url)))?;
        let declares_no_body = request.headers.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case("content-length") && value.trim_ascii() == b"0"
        });
        Ok(Self {
            method,
            url,
            headers: allowed(request.headers)?,
            payload,
            declares_no_body,
            redirects: request.redirects,
            may_repeat: false,
            response_limit: request.response_limit,
            deadline: None,
            body_deadline: None,
        })
    }

    /// Whether the request asks for the head only.
    pub(crate) fn is_head(&self) -> bool {
        self.method == Method::HEAD
    }

    /// The host and the port that it is for.
    #[cfg(feature = "testing")]
    pub(super) fn server(&self) -> (&str, u16) {
        let port = self.url.port_or_known_default().unwrap_or_default();
        (self.url.host_str().unwrap_or_default(), port)
    }

    /// The request in the form to send now.
    pub(crate) fn next(&mut self) -> Result<Request<Body>, Error> {
        let uri = Uri::try_from(self.url.as_str())
            .map_err(|error| Error::InvalidUrl(format!("{:?}: {error}", self.url.as_str())))?;
        let (body, headers) = match &mut self.payload {
            // Headers are copied: a redirect or a retry sends them again.
            Payload::Bytes(bytes) => (Body::from(bytes.clone()), self.headers.clone()),
            Payload::Stream(body) => {
                let headers = match self.redirects {
                    0 => std::mem::take(&mut self.headers),
                    _ => self.headers.clone(),
                };
                (body.take().unwrap_or_else(Body::empty), headers)
            }
        };
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        self.frame(&mut request);
        Ok(request)
    }

    /// Adds the framing that hyper leaves out.
    fn frame(&self, request: &mut Request<Body>) {
        let body = request.body();
        if body.is_end_stream() {
            // Servers answer 411 without it (RFC 9110, section 8.6).
            let expects_body = matches!(self.method, Method::POST | Method::PUT | Method::PATCH);
            if expects_body || self.declares_no_body {
                let headers = request.headers_mut();
                headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
            }
        } else if body.len().is_none() && matches!(self.method, Method::GET | Method::HEAD) {
            // Without it, hyper drops the body. HTTP/2 omits the header.
            let chunked = HeaderValue::from_static("chunked");
            let headers = request.headers_mut();
            headers.insert(header::TRANSFER_ENCODING, chunked);
        }
    }

    /// Whether the whole request can be sent again.
    pub(crate) fn is_repeatable(&self) -> bool {
        matches!(self.payload, Payload::Bytes(_))
    }

    /// Whether sending the request twice has the effect of sending it once (RFC 9110, section 9.2.2).
    pub(crate) fn is_idempotent(&self) -> bool {
        self.may_repeat || self.method.is_idempotent()
    }

    /// Follows a redirect. Returns its target, or `None` if there is none or the request cannot follow.
    pub(crate) fn follow(&mut self, status: StatusCode, headers: &HeaderMap) -> Option<Url> {
        let is_safe = self.method == Method::GET || self.method == Method::HEAD;
        let becomes_get = match status {
            StatusCode::SEE_OTHER => self.method != Method::HEAD,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => !is_safe,
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => false,
            _ => return None,
        };
        let keeps_stream = !becomes_get && matches!(self.payload, Payload::Stream(_));
        let next = self.url.join(&location(headers)?).ok()?;
        if keeps_stream || checked(next.as_str()).is_err() {
            return None;
        }
        if becomes_get {
            self.method = Method::GET;
            self.payload = Payload::Bytes(Bytes::new());
            self.declares_no_body = false;
            self.headers.remove(header::CONTENT_TYPE);
            self.headers.remove(header::CONTENT_ENCODING);
        }
        if next.origin() != self.url.origin() {
            self.headers.remove(header::AUTHORIZATION);
            self.headers.remove(header::COOKIE);
        }
        self.url = next.clone();
        Some(next)
    }
}

/// The target of a redirect. It may be UTF-8, or in other encodings, which are percent-encoded byte by
/// byte as browsers do.
fn location(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let location = headers.get(header::LOCATION)?.as_bytes();
    Some(match std::str::from_utf8(location) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => percent_encode(location, CONTROLS).into(),
    })
}

/// Parses a URL, and checks that it can be requested.
fn checked(text: &str) -> Result<Url, String> {
    let mut url = Url::parse(text).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!(
            "only http and https are supported, not {}",
            url.scheme()
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a URL must not have user or password: set the header authorization".into());
    }
    url.set_fragment(None);
    Ok(url)
}

/// Validates a request's headers, and drops those that only the host sets.
fn allowed(list: Vec<(String, Vec<u8>)>) -> Result<HeaderMap, Error> {
    let mut headers =
        headers::allowed(list, HeaderLimit::MAX).map_err(|invalid| match invalid {
            InvalidHeader::Name(name) | InvalidHeader::Value(name) => Error::InvalidHeader(name),
            InvalidHeader::TooMany(_) => Error::Other(invalid.to_string()),
        })?;
    for name in [header::HOST, header::EXPECT, header::PROXY_AUTHORIZATION] {
        headers.remove(name);
    }
    join_cookies(&mut headers);
    Ok(headers)
}

#[cfg(test)]
mod tests;
