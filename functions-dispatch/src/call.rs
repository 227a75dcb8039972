use std::fmt;
use std::time::Duration;

use crate::messages::CallMessage;
use crate::{Any, Error};

/// A call of a function at an endpoint.
///
/// ```
/// use std::time::Duration;
/// use functions_dispatch::{Call, marshal};
///
/// let input = marshal(&23)?;
/// let call = Call::new("http://example.com", "myFunction", input)?.expiration(Duration::from_secs(60));
/// assert_eq!(call.function(), "myFunction");
/// # Ok::<(), functions_dispatch::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a call does nothing until it is dispatched or awaited"]
pub struct Call {
    pub(crate) endpoint: Option<String>,
    pub(crate) function: String,
    pub(crate) input: Any,
    pub(crate) expiration: Option<Duration>,
    pub(crate) version: String,
    pub(crate) correlation_id: u64,
}

impl Call {
    /// A call of the function `function` at the endpoint with the URL `endpoint`.
    ///
    /// # Errors
    ///
    /// - The endpoint is not an absolute URL of `http`, `https` or `bridge`, or an ARN of AWS Lambda.
    /// - The function's name is invalid.
    pub fn new(
        endpoint: impl Into<String>,
        function: impl Into<String>,
        input: Any,
    ) -> Result<Self, Error> {
        let endpoint = endpoint.into();
        check_endpoint(&endpoint)?;
        let call = Self::local(function, input)?;
        Ok(Self {
            endpoint: Some(endpoint),
            ..call
        })
    }

    /// A call of a function at the endpoint whose function awaits it with [`call`](crate::call()).
    ///
    /// # Errors
    ///
    /// The function's name is invalid.
    pub fn local(function: impl Into<String>, input: Any) -> Result<Self, Error> {
        let function = function.into();
        check_function(&function)?;
        Ok(Self {
            endpoint: None,
            function,
            input,
            expiration: None,
            version: String::new(),
            correlation_id: 0,
        })
    }

    /// Sets how long the call may take from when it is accepted, attempts included.
    pub fn expiration(self, after: Duration) -> Self {
        Self {
            expiration: Some(after),
            ..self
        }
    }

    /// Sets the version of the function, which schedulers may ignore.
    pub fn version(self, version: impl Into<String>) -> Self {
        Self {
            version: version.into(),
            ..self
        }
    }

    /// Sets the number that a result refers to its call with. A scheduler ignores the number of a call that
    /// is dispatched, and [`call`](crate::call()) has numbers of its own.
    pub fn correlation_id(self, id: u64) -> Self {
        Self {
            correlation_id: id,
            ..self
        }
    }

    /// The endpoint's URL; `None` for the endpoint of the function that awaits the call.
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }

    /// The function's name.
    #[must_use]
    pub fn function(&self) -> &str {
        &self.function
    }

    /// The input.
    #[must_use]
    pub fn input(&self) -> &Any {
        &self.input
    }

    pub(crate) fn into_message(self) -> CallMessage {
        CallMessage {
            correlation_id: self.correlation_id,
            endpoint: self.endpoint.unwrap_or_default(),
            function: self.function,
            input: Some(self.input),
            expiration: self.expiration,
            version: self.version,
        }
    }
}

/// The schemes of endpoints.
const SCHEMES: [&str; 3] = ["http://", "https://", "bridge://"];

fn check_endpoint(endpoint: &str) -> Result<(), Error> {
    let is_lambda = endpoint.starts_with("arn:aws:lambda");
    let rest = SCHEMES
        .iter()
        .find_map(|scheme| endpoint.strip_prefix(scheme));
    let has_host = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', '#']));
    let is_uri = endpoint.bytes().all(|byte| byte.is_ascii_graphic());
    if is_uri && (is_lambda || has_host) {
        return Ok(());
    }
    Err(Error::InvalidCall(format!(
        "invalid endpoint {endpoint:?}: expected a URL such as \"https://example.com\""
    )))
}

/// Letters, digits and `_<>.`, not beginning with a digit: what every SDK accepts.
fn check_function(name: &str) -> Result<(), Error> {
    let mut bytes = name.bytes();
    let begins = bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_');
    if begins && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_<>.".contains(&byte)) {
        return Ok(());
    }
    Err(Error::InvalidCall(format!(
        "invalid function {name:?}: expected letters, digits and any of \"_<>.\", not beginning with a digit"
    )))
}

/// The id of a call that was accepted: a text without a form of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DispatchId(pub(crate) String);

impl DispatchId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DispatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<DispatchId> for String {
    fn from(id: DispatchId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What other SDKs accept is accepted, and what a scheduler would refuse is refused here.
    #[test]
    fn calls_are_checked_as_schedulers_do() {
        for (endpoint, function, is_valid) in [
            ("http://example.com", "myFunction", true),
            ("https://example.com:8080/base/", "main.<locals>.f", true),
            ("bridge://1234", "_f2", true),
            ("arn:aws:lambda:us-west-2:123:function:f", "f", true),
            ("example.com", "f", false),
            ("ftp://example.com", "f", false),
            ("http://", "f", false),
            ("http:///f", "f", false),
            ("http://exa mple.com", "f", false),
            ("", "f", false),
            ("http://example.com", "", false),
            ("http://example.com", "1f", false),
            ("http://example.com", "my-function", false),
            ("http://example.com", "fé", false),
        ] {
            let call = Call::new(endpoint, function, Any::default());
            assert_eq!(call.is_ok(), is_valid, "{endpoint:?} {function:?}");
        }
    }
}
