//! Validates headers that functions give, and removes hop-by-hop headers.

use bytes::Bytes;
use http::HeaderMap;
use http::header::{self, HeaderName, HeaderValue};

/// The most bytes that the headers of one message may have, names and values together.
pub(crate) const MAX_HEADER_BYTES: usize = 256 * 1024;

/// How many headers one message from a function may have.
///
/// `HeaderMap` panics at some 24,000, and the host adds some of its own.
pub(crate) const MAX_HEADERS: usize = 1000;

/// How large the headers of one message from a function may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeaderLimit {
    count: usize,
    /// Of names and values together.
    bytes: usize,
}

impl HeaderLimit {
    /// The largest limit that a host can allow.
    pub(crate) const MAX: Self = Self {
        count: MAX_HEADERS,
        bytes: MAX_HEADER_BYTES,
    };

    /// For untrusted functions: what common clients and proxies accept.
    ///
    /// Some close a connection after more than 100 headers, those that the host adds included.
    pub(crate) const MULTI_TENANT: Self = Self {
        count: 64,
        bytes: 16 * 1024,
    };

    /// Fails if `list` is over the limit.
    pub(crate) fn check(self, list: &[(String, Vec<u8>)]) -> Result<(), InvalidHeader> {
        let bytes = list.iter().map(|(name, value)| name.len() + value.len());
        if list.len() > self.count || bytes.sum::<usize>() > self.bytes {
            return Err(InvalidHeader::TooMany(self));
        }
        Ok(())
    }
}

/// Those of RFC 9110, section 7.6.1, and the ones in use before it.
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::PROXY_AUTHENTICATE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// Whether a header concerns one connection only. The `connection` header may name others: see
/// [`named_by_connection`].
pub(crate) fn is_hop_by_hop(name: &HeaderName) -> bool {
    HOP_BY_HOP.contains(name)
}

/// Whether the `connection` header names this one.
pub(crate) fn named_by_connection(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|option| option.trim().eq_ignore_ascii_case(name.as_str()))
}

/// Removes headers that concern one connection only.
pub(crate) fn without_hop_by_hop(headers: &mut HeaderMap) {
    let unwanted: Vec<_> = headers
        .keys()
        .filter(|name| is_hop_by_hop(name) || named_by_connection(headers, name))
        .cloned()
        .collect();
    for name in unwanted {
        headers.remove(name);
    }
}

/// A function's headers are invalid or too large.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidHeader {
    #[error("header {0:?} has a name that HTTP does not allow")]
    Name(String),
    #[error("header {0:?} has a value that HTTP does not allow")]
    Value(String),
    #[error("more headers than {}, or more than {} bytes of them", .0.count, .0.bytes)]
    TooMany(HeaderLimit),
}

/// Validates a function's headers, and drops those that only the host sets.
pub(crate) fn allowed(
    list: Vec<(String, Vec<u8>)>,
    limit: HeaderLimit,
) -> Result<HeaderMap, InvalidHeader> {
    limit.check(&list)?;
    let mut headers = HeaderMap::with_capacity(list.len());
    let mut connection = HeaderMap::new();
    for (name, value) in list {
        let Ok(header) = HeaderName::try_from(name.as_str()) else {
            return Err(InvalidHeader::Name(name));
        };
        let Ok(value) = HeaderValue::from_maybe_shared(Bytes::from(value)) else {
            return Err(InvalidHeader::Value(name));
        };
        let into = match header {
            header::CONNECTION => &mut connection,
            // Skipped here instead of removed later, which would change the order of the others.
            _ if header == header::CONTENT_LENGTH || is_hop_by_hop(&header) => continue,
            _ => &mut headers,
        };
        into.try_append(header, value)
            .map_err(|_| InvalidHeader::TooMany(limit))?;
    }
    if !connection.is_empty() {
        let named = headers.keys();
        let named = named.filter(|name| named_by_connection(&connection, name));
        for name in named.cloned().collect::<Vec<_>>() {
            headers.remove(name);
        }
    }
    Ok(headers)
}

/// The headers in the form that functions get.
pub(crate) fn listed(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    let headers = headers.iter();
    headers
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `connection` names headers in any case, in lists and in repetitions.
    #[test]
    fn connection_names_headers() {
        let mut headers = HeaderMap::new();
        headers.append(header::CONNECTION, "close, X-One".parse().unwrap());
        headers.append(header::CONNECTION, "x-two".parse().unwrap());
        assert!(named_by_connection(
            &headers,
            &HeaderName::from_static("x-one")
        ));
        assert!(named_by_connection(
            &headers,
            &HeaderName::from_static("x-two")
        ));
        assert!(!named_by_connection(
            &headers,
            &HeaderName::from_static("x-three")
        ));
        assert!(is_hop_by_hop(&header::TE) && !is_hop_by_hop(&header::SET_COOKIE));
    }

    fn list(headers: &[(&str, &str)]) -> Vec<(String, Vec<u8>)> {
        headers
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect()
    }

    /// Repeated headers stay, in order; framing and hop-by-hop headers are dropped.
    #[test]
    fn framing_and_hop_by_hop_headers_are_dropped() {
        let headers = allowed(
            list(&[
                ("Set-Cookie", "a=1"),
                ("set-cookie", "b=2"),
                ("Content-Length", "7"),
                ("connection", "close, x-secret"),
                ("x-secret", "1"),
                ("transfer-encoding", "chunked"),
            ]),
            HeaderLimit::MAX,
        )
        .unwrap();
        let all: Vec<_> = headers
            .iter()
            .map(|(_, value)| value.to_str().unwrap())
            .collect();
        assert_eq!(all, ["a=1", "b=2"]);
    }

    /// Headers over the limit are refused, even more than a map could hold.
    #[test]
    fn too_many_are_refused() {
        let (most, strict) = (HeaderLimit::MAX, HeaderLimit::MULTI_TENANT);
        for (limit, count, fits) in [
            (most, MAX_HEADERS, true),
            (most, MAX_HEADERS + 1, false),
            (most, 40_000, false),
            (strict, 64, true),
            (strict, 65, false),
        ] {
            let many = (0..count).map(|number| (format!("x{number}"), b"1".to_vec()));
            match allowed(many.collect(), limit) {
                Ok(headers) => assert!(fits && headers.len() == count),
                Err(error) => {
                    assert!(
                        !fits && matches!(error, InvalidHeader::TooMany(_)),
                        "{count}"
                    );
                }
            }
        }
        for (limit, bytes) in [(most, MAX_HEADER_BYTES), (strict, 16 * 1024)] {
            for (more, fits) in [(0, true), (1, false)] {
                let value = vec![b'x'; bytes - 1 + more];
                let found = allowed(vec![("x".into(), value)], limit);
                assert_eq!(found.is_ok(), fits, "{bytes} and {more}");
            }
        }
    }

    /// An invalid header is refused by name, never dropped.
    #[test]
    fn invalid_headers_are_refused() {
        for (name, value) in [("a b", "x"), ("", "x"), ("x", "a\r\nb: c"), ("x", "\0")] {
            let refused = allowed(list(&[(name, value)]), HeaderLimit::MAX).unwrap_err();
            assert!(
                refused.to_string().contains(&format!("{name:?}")),
                "{refused}"
            );
        }
    }
}
