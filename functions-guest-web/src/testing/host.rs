//! What the host does with a request before a function sees it, and with a function's response before
//! it is sent: the same here, so that a test does not pass where the host refuses.
//! `test-guests/conformance` compares the two.

use std::fmt::Display;

use http::HeaderMap;
use http::header::{self, HeaderName, HeaderValue};

use crate::response::headers::List;

/// How many headers a response may have.
const MAX_HEADERS: usize = 1000;

/// How many bytes they may take, names and values.
const MAX_HEADER_BYTES: usize = 256 * 1024;

/// How many bytes of a stream wait for the client before the function has to.
pub(super) const MAX_QUEUED: usize = 64 * 1024;

/// Headers that concern one connection only (RFC 9110, section 7.6.1).
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

/// The head of a response as it is sent.
#[derive(Debug, Default)]
pub(crate) struct Head {
    pub(super) status: u16,
    pub(super) headers: List,
    /// What the function says of the body's length: believed in the answer to a `HEAD`.
    pub(super) declared_length: Option<u64>,
}

impl Head {
    /// The head, or why there is none: the response is a failure of the function's then.
    pub(super) fn new(status: u16, list: &[(String, Vec<u8>)]) -> Result<Self, String> {
        if !(200..=599).contains(&status) {
            return Err(format!("status {status}"));
        }
        let bytes = list.iter().map(|(name, value)| name.len() + value.len());
        if list.len() > MAX_HEADERS || bytes.sum::<usize>() > MAX_HEADER_BYTES {
            return Err(format!(
                "more headers than {MAX_HEADERS}, or more than {MAX_HEADER_BYTES} bytes of them"
            ));
        }
        let mut headers = HeaderMap::with_capacity(list.len());
        let mut connection = Vec::new();
        for (name, value) in list {
            let invalid = |what| format!("header {name:?} has a {what} that HTTP does not allow");
            let header = HeaderName::try_from(name.as_str()).map_err(|_| invalid("name"))?;
            let value = HeaderValue::from_bytes(value).map_err(|_| invalid("value"))?;
            if header == header::CONNECTION {
                connection.push(value.as_bytes().to_vec());
            } else if header != header::CONTENT_LENGTH && !HOP_BY_HOP.contains(&header) {
                headers.append(header, value);
            }
        }
        for name in headers.keys().cloned().collect::<Vec<_>>() {
            if names(&connection, name.as_str()) {
                headers.remove(name);
            }
        }
        let headers = headers.iter();
        Ok(Self {
            status,
            headers: headers
                .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
                .collect(),
            declared_length: declared_length(list),
        })
    }
}

/// A request's headers as a function sees them: without those of the connection, values without the
/// blanks around them, and all the values of a name together.
pub(super) fn received(sent: List) -> List {
    let connection: Vec<_> = sent
        .iter()
        .filter(|(name, _)| name == "connection")
        .map(|(_, value)| value.clone())
        .collect();
    let mut received = List::new();
    for (name, value) in sent {
        let is_hop_by_hop = HOP_BY_HOP.iter().any(|known| known.as_str() == name);
        if is_hop_by_hop || names(&connection, &name) {
            continue;
        }
        let value = value.trim_ascii().to_vec();
        let last = received.iter().rposition(|(known, _)| *known == name);
        received.insert(last.map_or(received.len(), |last| last + 1), (name, value));
    }
    received
}

/// Whether the values of `connection` name a header.
fn names(connection: &[Vec<u8>], name: &str) -> bool {
    connection
        .iter()
        .filter_map(|value| std::str::from_utf8(value).ok())
        .flat_map(|value| value.split(','))
        .any(|option| option.trim().eq_ignore_ascii_case(name))
}

/// The one `content-length` among them, if it is valid.
fn declared_length(list: &[(String, Vec<u8>)]) -> Option<u64> {
    let mut lengths = list
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let (Some((_, length)), None) = (lengths.next(), lengths.next()) else {
        return None;
    };
    // The parser would take a sign.
    let is_number = length.iter().all(u8::is_ascii_digit);
    let length = std::str::from_utf8(length).ok().filter(|_| is_number)?;
    length.parse().ok()
}

/// Whether a response has no body, whatever the function gave.
pub(super) fn is_bodiless(status: u16) -> bool {
    matches!(status, 204 | 205 | 304)
}

/// The length that is sent with a response whose body has the length `known`, if it is known.
pub(super) fn sent_length(head: &Head, known: Option<u64>, is_head: bool) -> Option<u64> {
    match head.status {
        204 | 304 => None,
        205 => (!is_head).then_some(0),
        // No body says nothing: a function may know that it is asked for the head alone.
        _ if is_head => known.filter(|length| *length > 0).or(head.declared_length),
        _ => known,
    }
}

/// The host's problem document for a response that cannot be sent.
pub(super) fn refusal(invocation: impl Display) -> Vec<u8> {
    format!(
        r#"{{"title":"Internal Server Error","status":500,"detail":"the function failed","invocationId":"{invocation}","reason":"invalid-reply"}}"#
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(headers: &[(&str, &str)]) -> List {
        headers
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect()
    }

    /// Framing is the host's, and so is what `connection` names; all else stays, in order.
    #[test]
    fn framing_is_left_out() {
        let sent = Head::new(
            200,
            &list(&[
                ("Set-Cookie", "a=1"),
                ("content-length", "7"),
                ("connection", "close, X-Secret"),
                ("x-secret", "1"),
                ("set-cookie", "b=2"),
            ]),
        )
        .unwrap();
        assert_eq!(
            sent.headers,
            list(&[("set-cookie", "a=1"), ("set-cookie", "b=2")])
        );
        assert_eq!(sent.declared_length, Some(7));
    }

    /// The limits let through as many headers, and bytes of them, as they say, and not one more.
    #[test]
    fn headers_are_limited() {
        for (count, fits) in [(MAX_HEADERS, true), (MAX_HEADERS + 1, false)] {
            let many: List = (0..count).map(|x| (format!("x{x}"), Vec::new())).collect();
            assert_eq!(Head::new(200, &many).is_ok(), fits, "{count}");
        }
        for (bytes, fits) in [(MAX_HEADER_BYTES, true), (MAX_HEADER_BYTES + 1, false)] {
            let half = bytes / 2;
            let long: List = [half, bytes - half]
                .map(|length| ("x".to_owned(), vec![b'1'; length - 1]))
                .into();
            assert_eq!(Head::new(200, &long).is_ok(), fits, "{bytes}");
        }
    }

    /// A function sees neither what is the connection's nor blanks around a value, and the values of
    /// one name together.
    #[test]
    fn requests_are_received() {
        let seen = received(list(&[
            ("connection", "keep-alive, X-Secret"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers"),
            ("x", " 1\t"),
            ("x-secret", "1"),
            ("y", "2"),
            ("x", "3"),
        ]));
        assert_eq!(seen, list(&[("x", "1"), ("x", "3"), ("y", "2")]));
    }

    /// What HTTP does not allow is refused.
    #[test]
    fn invalid_heads_are_refused() {
        for (status, name, value) in [
            (199, "x", ""),
            (600, "x", ""),
            (200, "a b", ""),
            (200, "x", "\0"),
        ] {
            assert!(Head::new(status, &list(&[(name, value)])).is_err());
        }
    }
}
