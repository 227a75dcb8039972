use functions_bytes::Data;

/// An HTTP request to another server.
///
/// ```
/// use functions_http::Request;
///
/// let request = Request::new("https://example.com/echo", "POST").with_body("hello");
/// assert_eq!(request.url(), "https://example.com/echo");
/// ```
#[derive(Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    url: String,
    verb: String,
    body: Data,
}

impl Request {
    /// A request for `url` with the method `verb`, without a body.
    pub fn new(url: impl Into<String>, verb: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            verb: verb.into(),
            body: Data::default(),
        }
    }

    /// Sets the body. A [`Data`] handle is passed on without being copied.
    pub fn with_body(mut self, body: impl Into<Data>) -> Self {
        self.body = body.into();
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

    /// Takes the request's body.
    pub fn into_body(self) -> Data {
        self.body
    }
}
