use std::fmt;
use std::time::Duration;

use crate::Headers;

/// Method, path, headers and timeout of a JSON call: a `POST` of `/` unless set.
///
/// ```
/// use std::time::Duration;
/// use functions_binding::InvokeOptions;
///
/// let options = InvokeOptions::default()
///     .method("PUT")
///     .path("/prices/tea")
///     .header("x-currency", "EUR")
///     .timeout(Duration::from_millis(1500));
/// assert_eq!(options.headers.get("x-currency"), Some("EUR"));
/// ```
#[derive(Clone, PartialEq, Eq)]
#[must_use = "options do nothing until a function is called with them"]
#[non_exhaustive]
pub struct InvokeOptions {
    /// The HTTP method; `POST` unless set.
    pub method: String,
    /// The path below the function's own base, with a query if there is one; `/` unless set.
    pub path: String,
    /// The headers.
    pub headers: Headers,
    /// How long the whole call may take; as long as the caller itself may, unless set.
    pub timeout: Option<Duration>,
}

impl Default for InvokeOptions {
    fn default() -> Self {
        Self {
            method: "POST".into(),
            path: "/".into(),
            headers: Headers::default(),
            timeout: None,
        }
    }
}

impl InvokeOptions {
    /// Sets the method.
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = method.into();
        self
    }

    /// Sets the path.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Adds a header. Headers of the same name stay, unless HTTP allows only one.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<[u8]>) -> Self {
        self.headers.add(name, value);
        self
    }

    /// Sets how long the whole call may take. Parts of a millisecond are rounded up.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

/// Shows the headers' names only: their values may be secrets.
impl fmt::Debug for InvokeOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InvokeOptions")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("headers", &self.headers)
            .field("timeout", &self.timeout)
            .finish()
    }
}
