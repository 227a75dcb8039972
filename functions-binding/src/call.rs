use std::time::Duration;

use functions_bytes::Data;
use functions_bytes::outgoing;

use crate::address::Address;
use crate::{BindingError, Headers};

/// A call of another function. The bodies need not enter the calling one.
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
/// [`wait`](Call::wait) and [`send`](Call::send) make the call. What is invalid in it is their error.
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
    /// A call of the function `target` without a body. The method is text or an `http::Method`. The path
    /// is below the function's own base, and may have a query.
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

    /// Sets the URL of the host, in a native program. [`FunctionBinding::new`](crate::FunctionBinding::new)
    /// says which host is called otherwise.
    #[cfg(all(feature = "client", not(target_family = "wasm")))]
    #[cfg_attr(docsrs, doc(cfg(feature = "client")))]
    pub fn at(mut self, url: &str) -> Self {
        self.address = Address::of(url);
        self
    }

    /// The name of the function that is called.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The path, with its query.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn with_method(mut self, method: String) -> Self {
        self.method = method;
        self
    }
}

outgoing::request_methods!(
    Call,
    BindingError,
    path,
    "functions_binding::Call::post(\"adder\", \"/\")"
);

#[cfg(test)]
mod tests {
    use functions_bytes::encoding::Encode;

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
        let all: Vec<_> = call.headers().get_all_bytes("Authorization").collect();
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
            let all: Vec<_> = call.headers().get_all_bytes("content-type").collect();
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
