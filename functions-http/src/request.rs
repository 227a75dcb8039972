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
    /// The method may be text or an [`http::Method`]; its case matters. What is wrong with either is
    /// an error once the request is sent.
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
        self.with_default_type(content_type)
    }

    /// The content type of a body, unless one is set. That of a body before is gone.
    fn with_default_type(mut self, content_type: Option<&'static str>) -> Self {
        if self.default_type.take().is_some() {
            self.headers.remove("content-type");
        }
        if let Some(value) = content_type
            && self.headers.get_all("content-type").next().is_none()
        {
            self.headers.push("content-type", value);
            self.default_type = content_type;
        }
        self
    }

    /// Sets the body to a value as JSON, without taking it, and the content type unless one is set.
    ///
    /// ```
    /// use functions_http::Request;
    ///
    /// let request = Request::post("https://example.com/numbers").json(&[1, 2]);
    /// assert_eq!(request.headers().get("content-type"), Some("application/json"));
    /// assert_eq!(request.into_body().into_bytes().unwrap(), b"[1,2]");
    /// ```
    #[cfg(feature = "json")]
    pub fn json<T: serde::Serialize + ?Sized>(self, value: &T) -> Self {
        self.with_body(functions_bytes::encoding::Json(value))
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

    /// Adds a header; those of the same name stay, unless HTTP allows only one, as of `content-type` or
    /// `authorization`: then it replaces the one before. Names and values may be text, or the `http`
    /// crate's.
    ///
    /// ```
    /// use functions_http::Request;
    /// use http::{HeaderValue, header};
    ///
    /// let request = Request::get("https://example.com/")
    ///     .header("accept", "text/html")
    ///     .header(header::ACCEPT, HeaderValue::from_static("text/plain"));
    /// assert_eq!(request.headers().get_all("accept").count(), 2);
    /// ```
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<[u8]>) -> Self {
        if name.as_ref().eq_ignore_ascii_case("content-type") {
            self.default_type = None;
        }
        self.headers.add(name, value);
        self
    }

    /// Replaces the headers by these: pairs, [`Headers`], or an [`http::HeaderMap`] by reference. Of a
    /// header that HTTP allows only once, the last one counts, as with [`header`](Self::header).
    ///
    /// ```
    /// use functions_http::Request;
    ///
    /// let mut map = http::HeaderMap::new();
    /// map.append("accept", "text/html".parse().unwrap());
    /// map.append("accept", "text/plain".parse().unwrap());
    /// let request = Request::get("https://example.com/").with_headers(&map);
    /// assert_eq!(request.headers().get_all("accept").count(), 2);
    /// let request = request.with_headers([("accept", "*/*")]);
    /// assert_eq!(request.headers().len(), 1);
    /// ```
    pub fn with_headers<N: AsRef<str>, V: AsRef<[u8]>>(
        mut self,
        headers: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.headers = Headers::default();
        for (name, value) in headers {
            self.headers.add(name, value);
        }
        let default = self.default_type.take();
        self.with_default_type(default)
    }

    /// Adds parameters to the URL's query, encoded.
    ///
    /// ```
    /// use functions_http::Request;
    ///
    /// let request = Request::get("https://example.com/?page=2#top").query([("q", "a & b")]);
    /// assert_eq!(request.url(), "https://example.com/?page=2&q=a+%26+b#top");
    /// ```
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
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The method, under the name that this method had before.
    #[deprecated(since = "0.1.0", note = "use `method`")]
    #[must_use]
    pub fn verb(&self) -> &str {
        self.method()
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
mod tests;
