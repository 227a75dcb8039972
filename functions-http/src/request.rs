use std::time::Duration;

use functions_bytes::Data;
use functions_bytes::encoding::Encode;
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
/// It is sent with [`invoke`](crate::invoke) or [`send`](Request::send), which also say what is
/// wrong with it.
#[derive(Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    pub(crate) url: String,
    pub(crate) verb: String,
    pub(crate) headers: Headers,
    pub(crate) body: Option<Data>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) redirects: u32,
    pub(crate) response_limit: Option<u64>,
    /// The first thing that was wrong while it was made.
    invalid: Option<Error>,
}

impl Request {
    /// A request for `url` with the method `verb`, without a body.
    pub fn new(url: impl Into<String>, verb: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            verb: verb.into(),
            headers: Headers::default(),
            body: None,
            timeout: None,
            redirects: 0,
            response_limit: None,
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

    /// A `DELETE`.
    pub fn delete(url: impl Into<String>) -> Self {
        Self::new(url, "DELETE")
    }

    /// Sets the body, and the content type that it brings unless one is set. A [`Data`] handle is
    /// passed on without being copied, as it arrives.
    ///
    /// ```
    /// use functions_bytes::Data;
    /// use functions_bytes::encoding::Json;
    /// use functions_http::Request;
    ///
    /// let request = Request::post("https://example.com/echo").with_body(Data::from("hello"));
    /// assert_eq!(request.headers().get("content-type"), None);
    /// let request = Request::post("https://example.com/echo").with_body(Json([1, 2]));
    /// assert_eq!(request.headers().get("content-type"), Some("application/json"));
    /// ```
    pub fn with_body(mut self, body: impl Encode) -> Self {
        let content_type = body.content_type();
        match body.encode() {
            Ok(data) => self.body = Some(data),
            Err(error) => self.refuse(Error::Encode(Box::new(error))),
        }
        match content_type {
            Some(value) if self.headers.get_all("content-type").next().is_none() => {
                self.header("content-type", value)
            }
            _ => self,
        }
    }

    /// Sets the body to a value as JSON, without taking it.
    #[cfg(feature = "json")]
    pub fn json<T: serde::Serialize + ?Sized>(self, value: &T) -> Self {
        self.with_body(functions_bytes::encoding::Json(value))
    }

    pub(crate) fn with_data(mut self, body: Data) -> Self {
        self.body = Some(body);
        self
    }

    /// Adds a header; those of the same name stay.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<[u8]>) -> Self {
        self.headers.push(name, value);
        self
    }

    /// Replaces the headers by these.
    pub fn with_headers<N: AsRef<str>, V: AsRef<[u8]>>(
        mut self,
        headers: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.headers = headers.into_iter().collect();
        self
    }

    /// Adds parameters to the URL's query, encoded.
    pub fn query<N: AsRef<str>, V: AsRef<str>>(
        mut self,
        parameters: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        outgoing::add_query(&mut self.url, parameters);
        self
    }

    /// Adds the header `authorization` with a user and a password.
    pub fn basic_auth(self, user: &str, password: &str) -> Self {
        self.header("authorization", outgoing::basic(user, password))
    }

    /// Adds the header `authorization` with a token.
    pub fn bearer_auth(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// How long it may take until the last byte of the response's body is here. Without it, as long
    /// as the function itself may.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Follows so many redirects, one after the other; none unless set. `authorization` and `cookie`
    /// do not go to another origin.
    pub fn redirects(mut self, most: u32) -> Self {
        self.redirects = most;
        self
    }

    /// Refuses a response whose body is longer than so many bytes.
    pub fn response_limit(mut self, bytes: u64) -> Self {
        self.response_limit = Some(bytes);
        self
    }

    /// Where the request goes.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The method.
    #[must_use]
    pub fn verb(&self) -> &str {
        &self.verb
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// Takes the request's body.
    pub fn into_body(self) -> Data {
        self.body.unwrap_or_default()
    }

    fn refuse(&mut self, invalid: Error) {
        self.invalid.get_or_insert(invalid);
    }

    /// Itself, unless something was wrong while it was made.
    pub(crate) fn checked(mut self) -> Result<Self, Error> {
        self.invalid.take().map_or(Ok(self), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parameters are encoded, come after those that are there, and before the fragment.
    #[test]
    fn query_parameters() {
        for (url, expected) in [
            ("http://a", "http://a?q=1+%2B+1"),
            ("http://a/?", "http://a/?q=1+%2B+1"),
            ("http://a/?x=y", "http://a/?x=y&q=1+%2B+1"),
            ("http://a/#top", "http://a/?q=1+%2B+1#top"),
        ] {
            assert_eq!(Request::get(url).query([("q", "1 + 1")]).url(), expected);
        }
        let none: [(&str, &str); 0] = [];
        assert_eq!(Request::get("http://a").query(none).url(), "http://a");
    }

    /// `header` adds, `with_headers` replaces; a content type that is there stays.
    #[test]
    fn headers_add_up() {
        let request = Request::get("http://a").header("x", "1").header("x", "2");
        assert_eq!(request.headers().len(), 2);
        let request = request.with_headers([("Content-Type", "text/csv")]);
        let request = request.with_body("a,b");
        assert_eq!(request.headers().len(), 1);
        let request = request.basic_auth("a", "b").bearer_auth("c");
        let all: Vec<_> = request.headers().get_all("Authorization").collect();
        assert_eq!(all, [&b"Basic YTpi"[..], b"Bearer c"]);
    }

    /// A body without a form is an error when the request is sent, however.
    #[test]
    fn unencodable_is_an_error() {
        let bad = std::collections::BTreeMap::from([(vec![1], 2)]);
        let sent = crate::invoke(Request::post("http://a").json(&bad).header("x", "y"));
        let error = sent.unwrap_err();
        assert!(matches!(error, Error::Encode(_)));
        assert_eq!(
            error.to_string(),
            "the value cannot be encoded as JSON: key must be a string"
        );
        let sent = Request::post("http://a").json(&bad).send();
        assert!(functions_bytes::task::block_on(sent).is_err());
    }
}
