use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Headers;

/// A whole HTTP request of one function to another.
///
/// ```
/// use functions_binding::FunctionInvokeRequest;
///
/// let request: FunctionInvokeRequest = serde_json::from_str(
///     r#"{"targetFunction":"processor","method":"POST","path":"/resize","timeoutMs":1500}"#,
/// )?;
/// assert_eq!(request.timeout, Some(std::time::Duration::from_millis(1500)));
/// assert!(request.body.is_empty());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionInvokeRequest {
    /// The name of the function that is called; where it is empty, the one that the binding is bound
    /// to. Where it is deserialised, it may be named `targetWorker`, too.
    #[serde(alias = "targetWorker")]
    pub target_function: String,
    /// The HTTP method: `GET`, `POST`, ...
    pub method: String,
    /// The path below the function's own base, such as `/resize`, with a query if there is one.
    pub path: String,
    /// The headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body.
    #[serde(default)]
    pub body: Vec<u8>,
    /// How long the whole call may take; in whole milliseconds, named `timeoutMs`, where it is
    /// serialised.
    #[serde(
        rename = "timeoutMs",
        default,
        with = "milliseconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub timeout: Option<Duration>,
}

/// A function's whole response.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionInvokeResponse {
    /// The HTTP status.
    pub status: u16,
    /// The headers; names are in lower case. One that came more than once has all its values, joined
    /// with `, `, but `set-cookie` the last; invalid UTF-8 is replaced.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body.
    #[serde(default)]
    pub body: Vec<u8>,
}

/// A response whose body has arrived.
pub(crate) struct CollectedResponse {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

/// Shows the body's length, and the headers' names: their values may be secrets.
impl fmt::Debug for FunctionInvokeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionInvokeRequest")
            .field("target_function", &self.target_function)
            .field("method", &self.method)
            .field("path", &self.path)
            .field("headers", &self.headers.keys())
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("timeout", &self.timeout)
            .finish()
    }
}

/// Shows the body's length, and the headers' names: their values may be secrets.
impl fmt::Debug for FunctionInvokeResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionInvokeResponse")
            .field("status", &self.status)
            .field("headers", &self.headers.keys())
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names are the ones that the binding's clients use, and back and forth loses nothing.
    #[test]
    fn names_are_camel_case() {
        let request = FunctionInvokeRequest {
            target_function: "processor".into(),
            method: "POST".into(),
            path: "/resize".into(),
            headers: BTreeMap::from([("x".into(), "y".into())]),
            body: vec![0, 255],
            timeout: Some(Duration::from_secs(30)),
        };
        let text = serde_json::to_string(&request).unwrap();
        assert_eq!(
            text,
            r#"{"targetFunction":"processor","method":"POST","path":"/resize","headers":{"x":"y"},"body":[0,255],"timeoutMs":30000}"#
        );
        assert_eq!(
            serde_json::from_str::<FunctionInvokeRequest>(&text).unwrap(),
            request
        );
    }

    /// The name that the target has in later versions of the binding is understood.
    #[test]
    fn targets_have_two_names() {
        let text = r#"{"targetWorker":"processor","method":"GET","path":"/"}"#;
        let request: FunctionInvokeRequest = serde_json::from_str(text).unwrap();
        assert_eq!(request.target_function, "processor");
    }

    /// A timeout below a millisecond stays a timeout.
    #[test]
    fn timeouts_round_up() {
        let request = FunctionInvokeRequest {
            timeout: Some(Duration::from_micros(1)),
            ..FunctionInvokeRequest::default()
        };
        assert!(
            serde_json::to_string(&request)
                .unwrap()
                .contains(r#""timeoutMs":1}"#)
        );
    }
}

/// A duration as a number of milliseconds, as the binding's clients send it.
mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Parts of a millisecond are rounded up: a timeout that was set never becomes none at all.
    pub(super) fn serialize<S: Serializer>(
        duration: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let milliseconds = duration.map(|duration| duration.as_nanos().div_ceil(1_000_000));
        milliseconds
            .map(|all| u64::try_from(all).unwrap_or(u64::MAX))
            .serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_millis))
    }
}
