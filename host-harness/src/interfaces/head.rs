//! The head of a response: what a function says, less what is the host's to say.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::headers::{is_hop_by_hop, named_by_connection};

/// A status and headers that HTTP allows.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
}

/// What a function gave is no head of a response; the text says why.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct InvalidHead(pub(crate) String);

impl Head {
    /// Checks what a function gave. Whole responses and streamed ones go by the same rules.
    pub(crate) fn new(status: u16, headers: Vec<(String, Vec<u8>)>) -> Result<Self, InvalidHead> {
        let status = StatusCode::from_u16(status)
            .ok()
            .filter(|status| (200..=599).contains(&status.as_u16()))
            .ok_or_else(|| InvalidHead(format!("status {status}")))?;
        let headers = allowed(headers)?;
        Ok(Self { status, headers })
    }
}

/// The headers of a response, less those that are the host's to set.
fn allowed(list: Vec<(String, Vec<u8>)>) -> Result<HeaderMap, InvalidHead> {
    let mut headers = HeaderMap::with_capacity(list.len());
    for (name, value) in list {
        let invalid = |what: &str| InvalidHead(format!("header {name:?} has {what}"));
        let header = HeaderName::try_from(name.as_str())
            .map_err(|_| invalid("a name that HTTP does not allow"))?;
        let value = HeaderValue::from_maybe_shared(Bytes::from(value))
            .map_err(|_| invalid("a value that HTTP does not allow"))?;
        headers
            .try_append(header, value)
            .map_err(|_| InvalidHead("too many headers".into()))?;
    }
    let unwanted: Vec<_> = headers
        .keys()
        .filter(|name| {
            **name == header::CONTENT_LENGTH
                || is_hop_by_hop(name)
                || named_by_connection(&headers, name)
        })
        .cloned()
        .collect();
    for name in unwanted {
        headers.remove(name);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(headers: &[(&str, &str)]) -> Vec<(String, Vec<u8>)> {
        headers
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect()
    }

    /// Only the status of a final response is one, at either end of the range.
    #[test]
    fn statuses_are_final() {
        for (status, valid) in [
            (0, false),
            (199, false),
            (200, true),
            (599, true),
            (600, false),
            (u16::MAX, false),
        ] {
            assert_eq!(Head::new(status, Vec::new()).is_ok(), valid, "{status}");
        }
    }

    /// Repeated headers stay, in order; framing and hop-by-hop headers are the host's.
    #[test]
    fn host_owns_framing() {
        let headers = allowed(list(&[
            ("Set-Cookie", "a=1"),
            ("set-cookie", "b=2"),
            ("Content-Length", "7"),
            ("connection", "close, x-secret"),
            ("x-secret", "1"),
            ("transfer-encoding", "chunked"),
        ]))
        .unwrap();
        let all: Vec<_> = headers
            .iter()
            .map(|(_, value)| value.to_str().unwrap())
            .collect();
        assert_eq!(all, ["a=1", "b=2"]);
    }

    /// What HTTP does not allow is refused by name, never a header dropped.
    #[test]
    fn invalid_headers_are_refused() {
        for (name, value) in [("a b", "x"), ("", "x"), ("x", "a\r\nb: c"), ("x", "\0")] {
            let refused = allowed(list(&[(name, value)])).unwrap_err();
            assert!(
                refused.to_string().contains(&format!("{name:?}")),
                "{refused}"
            );
        }
    }
}
