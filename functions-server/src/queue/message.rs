//! Requests and responses as the queue keeps them.

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::Full;
use serde::{Deserialize, Serialize};

use crate::store::invocations::StoredMessage;

/// The error of a stored message that cannot be read. The store is damaged.
#[derive(Debug, thiserror::Error)]
#[error("the stored message is damaged")]
pub(crate) struct DamagedMessage;

/// The headers of a message. A letter of a value stands for a byte, so that any value is kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Headers(Vec<(String, String)>);

impl Headers {
    fn of(map: &HeaderMap) -> Self {
        let headers = map.iter().map(|(name, value)| {
            let value = value.as_bytes().iter().copied().map(char::from);
            (name.as_str().to_owned(), value.collect())
        });
        Self(headers.collect())
    }

    fn to_map(&self) -> Result<HeaderMap, DamagedMessage> {
        let mut map = HeaderMap::new();
        for (name, value) in self.bytes() {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| DamagedMessage)?;
            let value = HeaderValue::from_bytes(&value).map_err(|_| DamagedMessage)?;
            map.append(name, value);
        }
        Ok(map)
    }

    fn bytes(&self) -> impl Iterator<Item = (&str, Vec<u8>)> {
        self.0.iter().map(|(name, value)| {
            let bytes = value
                .chars()
                .map(|letter| u8::try_from(letter).unwrap_or(b'?'));
            (name.as_str(), bytes.collect())
        })
    }

    /// The headers as text.
    pub(crate) fn shown(&self) -> impl Iterator<Item = (&str, String)> {
        self.bytes()
            .map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()))
    }
}

/// The head of a request to a function, and what the function is told besides.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RequestHead {
    method: String,
    /// The path and query below the function's own.
    pub(crate) target: String,
    headers: Headers,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token_metadata: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) peer: Option<std::net::SocketAddr>,
    /// The id that a trusted proxy gave the request. The store reads it under this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
    /// Whether what the function prints is part of the result.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) returns_output: bool,
}

impl RequestHead {
    pub(crate) fn new(method: &Method, target: String, headers: &HeaderMap) -> Self {
        let mut headers = headers.clone();
        // The body is whole, whatever its length was said to be.
        headers.remove(CONTENT_LENGTH);
        headers.remove(http::header::TRANSFER_ENCODING);
        headers.remove(http::header::EXPECT);
        Self {
            method: method.to_string(),
            target,
            headers: Headers::of(&headers),
            token_metadata: None,
            peer: None,
            request_id: None,
            returns_output: false,
        }
    }

    pub(crate) fn store(&self, body: Bytes) -> StoredMessage {
        StoredMessage {
            head: text(self),
            body,
        }
    }

    pub(crate) fn parse(message: &StoredMessage) -> Result<Self, DamagedMessage> {
        serde_json::from_str(&message.head).map_err(|_| DamagedMessage)
    }

    pub(crate) fn to_request(&self, body: Bytes) -> Result<Request<Full<Bytes>>, DamagedMessage> {
        let length = HeaderValue::from(body.len());
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = self.method.parse().map_err(|_| DamagedMessage)?;
        *request.uri_mut() = self.target.parse::<Uri>().map_err(|_| DamagedMessage)?;
        *request.headers_mut() = self.headers.to_map()?;
        request.headers_mut().insert(CONTENT_LENGTH, length);
        Ok(request)
    }
}

/// The head of a function's response.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ResponseHead {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    /// What the API that accepted the invocation keeps of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) report: Option<serde_json::Value>,
}

impl ResponseHead {
    pub(crate) fn new(status: http::StatusCode, headers: &HeaderMap) -> Self {
        Self {
            status: status.as_u16(),
            headers: Headers::of(headers),
            report: None,
        }
    }

    pub(crate) fn store(&self, body: Bytes) -> StoredMessage {
        StoredMessage {
            head: text(self),
            body,
        }
    }

    pub(crate) fn parse(message: &StoredMessage) -> Result<Self, DamagedMessage> {
        serde_json::from_str(&message.head).map_err(|_| DamagedMessage)
    }
}

/// Strings and numbers can always be written as JSON.
fn text(head: &impl Serialize) -> String {
    serde_json::to_string(head).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request is the same after it was stored, also with values that are not text.
    #[test]
    fn requests_are_kept() {
        let mut headers = HeaderMap::new();
        headers.append("x-a", HeaderValue::from_bytes(b"caf\xe9 \xff").unwrap());
        headers.append("x-a", HeaderValue::from_static("2"));
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("9"));
        let head = RequestHead::new(&Method::PATCH, "/a%20b?c=d".into(), &headers);
        let stored = head.store(Bytes::from_static(b"\xff\0"));
        let request = RequestHead::parse(&stored).unwrap();
        let request = request.to_request(stored.body).unwrap();
        assert_eq!(request.method(), Method::PATCH);
        assert_eq!(request.uri(), "/a%20b?c=d");
        let values: Vec<_> = request.headers().get_all("x-a").iter().collect();
        assert_eq!(values[0].as_bytes(), b"caf\xe9 \xff");
        assert_eq!(values[1], "2");
        assert_eq!(request.headers()[CONTENT_LENGTH], "2");
    }
}
