use std::time::Duration;

use functions_bytes::Data;
use functions_bytes::outgoing;

use crate::{Error, Headers};

/// An HTTP request to another server.
///
/// ```
/// use std::time::Duration;
/// use functions_http::Request;
///
/// let request = Request::new("https://example.com/search", "GET")
///     .query([("q", "a & b"), ("page", "2")])
///     .header("accept", "application/json")
///     .bearer_auth("token")
///     .timeout(Duration::from_secs(2));
/// assert_eq!(request.url(), "https://example.com/search?q=a+%26+b&page=2");
/// ```
///
/// [`wait`](Request::wait) and [`send`](Request::send) send the request. What is invalid in it is their
/// error.
#[derive(Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    pub(crate) url: String,
    pub(crate) method: String,
    pub(crate) headers: Headers,
    pub(crate) body: Option<Data>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) redirects: u32,
    pub(crate) response_limit: Option<u64>,
    /// The body's own content type, where that is among the headers: it gives way to another.
    default_type: Option<&'static str>,
    /// The first thing that was wrong while it was made.
    invalid: Option<Error>,
}

impl Request {
    /// A request for `url` with a method, without a body.
    ///
    /// The method is text or an [`http::Method`]; its case matters. An invalid URL or method is an error
    /// when the request is sent.
    pub fn new(url: impl Into<String>, method: impl AsRef<str>) -> Self {
        Self {
            url: url.into(),
            method: method.as_ref().to_owned(),
            headers: Headers::default(),
            body: None,
            timeout: None,
            redirects: 0,
            response_limit: None,
            default_type: None,
            invalid: None,
        }
    }

    /// A `GET`.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new(url, "GET")
    }

    /// A `POST`.
    pub fn post(url: impl Into<String>) -> Self {
        Self::new(url, "POST")
    }

    /// A `PUT`.
    pub fn put(url: impl Into<String>) -> Self {
        Self::new(url, "PUT")
    }

    /// A `PATCH`.
    pub fn patch(url: impl Into<String>) -> Self {
        Self::new(url, "PATCH")
    }

    /// A `DELETE`.
    pub fn delete(url: impl Into<String>) -> Self {
        Self::new(url, "DELETE")
    }

    /// A `HEAD`.
    pub fn head(url: impl Into<String>) -> Self {
        Self::new(url, "HEAD")
    }

    /// Sets the body to fields as an HTML form sends them, and the content type unless one is set. For
    /// a struct there is `with_body(Form(value))`, with the feature `form` of `functions-bytes`.
    ///
    /// ```
    /// use functions_http::Request;
    ///
    /// let request = Request::post("https://example.com/login").form([("user", "Ada"), ("q", "1 + 1")]);
    /// let content_type = request.headers().get("content-type");
    /// assert_eq!(content_type, Some("application/x-www-form-urlencoded"));
    /// assert_eq!(request.into_body().into_bytes().unwrap(), b"user=Ada&q=1+%2B+1");
    /// ```
    pub fn form<N: AsRef<str>, V: AsRef<str>>(
        self,
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.with_data(outgoing::encoded(fields).into())
            .with_default_type(Some("application/x-www-form-urlencoded"))
    }

    pub(crate) fn with_data(mut self, body: Data) -> Self {
        self.body = Some(body);
        self
    }

    /// Sets how many redirects are followed; none unless set. `authorization` and `cookie` do not go to
    /// another origin.
    pub fn redirects(mut self, most: u32) -> Self {
        self.redirects = most;
        self
    }

    /// Sets the longest body of a response, in bytes. A longer one is an error.
    pub fn response_limit(mut self, bytes: u64) -> Self {
        self.response_limit = Some(bytes);
        self
    }

    /// Where the request goes.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

outgoing::request_methods!(
    Request,
    Error,
    url,
    "functions_http::Request::post(\"https://example.com/\")"
);

#[cfg(test)]
mod tests;
