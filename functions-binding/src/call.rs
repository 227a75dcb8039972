use std::time::Duration;

use functions_bytes::Data;
use functions_bytes::encoding::Encode;
use functions_bytes::outgoing;

use crate::host::Address;
use crate::{BindingError, Headers};

/// A call of another function, whose bodies need not enter this one.
///
/// ```
/// use std::time::Duration;
/// use functions_binding::Call;
/// use functions_bytes::Data;
/// use functions_guest_web::{WebResponse, WebResult, invoke};
///
/// invoke!(thumbnail);
/// fn thumbnail(picture: Data) -> WebResult<WebResponse> {
///     let small = Call::post("resizer", "/resize")
///         .query([("width", "80")])
///         .header("accept", "image/png")
///         .with_body(picture)
///         .timeout(Duration::from_secs(2))
///         .wait()?;
///     Ok(small.into())
/// }
/// ```
///
/// It is made with [`wait`](Call::wait) or [`send`](Call::send), which also say what is wrong with
/// it.
#[derive(Debug)]
#[must_use = "a call does nothing until it is made"]
pub struct Call {
    pub(crate) target: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Headers,
    pub(crate) body: Option<Data>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) address: Address,
    /// The body's own content type, where that is among the headers: it gives way to another.
    default_type: Option<&'static str>,
    /// The first thing that was wrong while it was made.
    invalid: Option<BindingError>,
}

impl Call {
    /// A call of the function `target` with a method, text or an `http::Method`, without a
    /// body. The path is below the
    /// function's own base, and may have a query.
    pub fn new(
        target: impl Into<String>,
        method: impl AsRef<str>,
        path: impl Into<String>,
    ) -> Self {
        Self {
            target: target.into(),
            method: method.as_ref().to_owned(),
            path: path.into(),
            headers: Headers::default(),
            body: None,
            timeout: None,
            address: Address::default(),
            default_type: None,
            invalid: None,
        }
    }

    /// A `GET`.
    pub fn get(target: impl Into<String>, path: impl Into<String>) -> Self {
        Self::new(target, "GET", path)
    }

    /// A `POST`.
    pub fn post(target: impl Into<String>, path: impl Into<String>) -> Self {
        Self::new(target, "POST", path)
    }

    /// A `PUT`.
    pub fn put(target: impl Into<String>, path: impl Into<String>) -> Self {
        Self::new(target, "PUT", path)
    }

    /// A `PATCH`.
    pub fn patch(target: impl Into<String>, path: impl Into<String>) -> Self {
        Self::new(target, "PATCH", path)
    }

    /// A `HEAD`.
    pub fn head(target: impl Into<String>, path: impl Into<String>) -> Self {
        Self::new(target, "HEAD", path)
    }

    /// A `DELETE`.
    pub fn delete(target: impl Into<String>, path: impl Into<String>) -> Self {
        Self::new(target, "DELETE", path)
    }

    /// In a native program, calls a function of the host at this URL; see
    /// [`FunctionBinding::new`](crate::FunctionBinding::new) for which it is otherwise.
    #[cfg(all(feature = "client", not(target_family = "wasm")))]
    #[cfg_attr(docsrs, doc(cfg(feature = "client")))]
    pub fn at(mut self, url: &str) -> Self {
        self.address = Address::of(url);
        self
    }

    /// Sets the body, and the content type that it brings unless one is set. A [`Data`] handle is
    /// passed on without being copied, as it arrives.
    ///
    /// ```
    /// use functions_binding::Call;
    /// use functions_bytes::Data;
    /// use functions_bytes::encoding::Json;
    ///
    /// let call = Call::post("resizer", "/").with_body(Data::from("picture"));
    /// assert_eq!(call.headers().get("content-type"), None);
    /// let call = Call::post("adder", "/").with_body(Json([1, 2]));
    /// assert_eq!(call.headers().get("content-type"), Some("application/json"));
    /// ```
    pub fn with_body(mut self, body: impl Encode) -> Self {
        let content_type = body.content_type();
        match body.encode() {
            Ok(data) => self.body = Some(data),
            Err(error) => self.refuse(BindingError::Encode(Box::new(error))),
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

    /// Sets the body to a value as JSON, without taking it.
    #[cfg(feature = "json")]
    #[cfg_attr(docsrs, doc(cfg(feature = "json")))]
    pub fn json<T: serde::Serialize + ?Sized>(self, value: &T) -> Self {
        self.with_body(functions_bytes::encoding::Json(value))
    }

    /// Adds a header; those of the same name stay, unless HTTP allows only one, as of `content-type` or
    /// `authorization`: then it replaces the one before. Names and values may be text, or the `http`
    /// crate's.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<[u8]>) -> Self {
        if name.as_ref().eq_ignore_ascii_case("content-type") {
            self.default_type = None;
        }
        self.headers.add(name, value);
        self
    }

    /// Replaces the headers by these. Of a header that HTTP allows only once, the last one counts, as with
    /// [`header`](Self::header).
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

    /// Adds parameters to the path's query, encoded.
    ///
    /// ```
    /// use functions_binding::Call;
    ///
    /// let call = Call::get("search", "/?page=2").query([("q", "a & b")]);
    /// assert_eq!(call.path(), "/?page=2&q=a+%26+b");
    /// ```
    pub fn query<N: AsRef<str>, V: AsRef<str>>(
        mut self,
        parameters: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        outgoing::add_query(&mut self.path, parameters);
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
    /// as the function itself may. Parts of a millisecond are rounded up.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The name of the function that is called.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
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

    /// The path, with its query.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// Takes the call's body.
    pub fn into_body(self) -> Data {
        self.body.unwrap_or_default()
    }

    pub(crate) fn with_method(mut self, method: String) -> Self {
        self.method = method;
        self
    }

    fn refuse(&mut self, invalid: BindingError) {
        self.invalid.get_or_insert(invalid);
    }

    /// Itself, unless something was wrong while it was made.
    pub(crate) fn checked(mut self) -> Result<Self, BindingError> {
        self.invalid.take().map_or(Ok(self), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `header` adds, `with_headers` replaces; a content type that is there stays.
    #[test]
    fn headers_add_up() {
        let call = Call::get("a", "/").header("x", "1").header("x", "2");
        assert_eq!(call.headers().len(), 2);
        let call = call.with_headers([("Content-Type", "text/csv")]);
        let call = call.with_body("a,b");
        assert_eq!(call.headers().len(), 1);
        let call = call.basic_auth("a", "b").bearer_auth("c");
        let all: Vec<_> = call.headers().get_all("Authorization").collect();
        assert_eq!(all, ["Bearer c".as_bytes()]);
    }

    /// A content type that is set wins over the body's, in either order, and the last body's over
    /// those before.
    #[cfg(feature = "json")]
    #[test]
    fn default_content_types_give_way() {
        let json = || Call::post("a", "/").json(&1);
        for (call, expected) in [
            (json(), Some("application/json")),
            (json().with_body("text"), Some("text/plain; charset=utf-8")),
            (json().with_body(Data::from("bytes")), None),
            (json().header("Content-Type", "a/b"), Some("a/b")),
            (
                json().header("content-type", "a/b").with_body("text"),
                Some("a/b"),
            ),
            (json().with_headers([("x", "y")]), Some("application/json")),
            (json().with_headers([("content-type", "a/b")]), Some("a/b")),
        ] {
            let all: Vec<_> = call.headers().get_all("content-type").collect();
            let expected: Vec<_> = expected.iter().map(|value| value.as_bytes()).collect();
            assert_eq!(all, expected);
        }
    }

    /// A body without a form is an error when the call is made, however.
    #[test]
    fn unencodable_is_an_error() {
        let bad = || Call::post("a", "/").with_body(Unencodable).header("x", "y");
        let error = bad().wait().unwrap_err();
        let source = std::error::Error::source(&error);
        assert!(source.is_some_and(<dyn std::error::Error>::is::<std::fmt::Error>));
        assert!(error.is_builder());
        assert!(functions_bytes::task::block_on(bad().send()).is_err());
    }

    struct Unencodable;

    impl Encode for Unencodable {
        type Error = std::fmt::Error;

        fn content_type(&self) -> Option<&'static str> {
            None
        }

        fn encode(self) -> Result<Data, std::fmt::Error> {
            Err(std::fmt::Error)
        }
    }
}
