//! What the host does with a function's response before it is sent: the same here, so that a test does
//! not pass where the host refuses. `test-guests/conformance` compares the two.

use std::fmt::Display;

use http::header::{self, HeaderName, HeaderValue};

/// How many headers a response may have.
const MAX_HEADERS: usize = 1000;

/// Headers that concern one connection only (RFC 9110, section 7.6.1), or the framing, which the host
/// makes.
const HOSTS_OWN: [HeaderName; 9] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::PROXY_AUTHENTICATE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

pub(super) type Headers = Vec<(String, Vec<u8>)>;

/// The headers as they are sent, or why none are: the response is a failure of the function's then.
pub(crate) fn checked(status: u16, list: &[(String, Vec<u8>)]) -> Result<Headers, String> {
    if !(200..=599).contains(&status) {
        return Err(format!("status {status}"));
    }
    if list.len() > MAX_HEADERS {
        return Err("too many headers".into());
    }
    let mut headers = Headers::new();
    let mut named = Vec::new();
    for (name, value) in list {
        let invalid = |what| format!("header {name:?} has a {what} that HTTP does not allow");
        let header = HeaderName::try_from(name.as_str()).map_err(|_| invalid("name"))?;
        let bytes = HeaderValue::from_bytes(value).map_err(|_| invalid("value"))?;
        if header == header::CONNECTION {
            let options = bytes.to_str().unwrap_or_default().split(',');
            named.extend(options.map(|option| option.trim().to_ascii_lowercase()));
        }
        if !HOSTS_OWN.contains(&header) {
            headers.push((header.as_str().to_owned(), value.clone()));
        }
    }
    headers.retain(|(name, _)| !named.contains(name));
    Ok(headers)
}

/// Whether a response has no body, whatever the function gave.
pub(super) fn is_bodiless(status: u16) -> bool {
    matches!(status, 204 | 304)
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

    fn list(headers: &[(&str, &str)]) -> Headers {
        headers
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect()
    }

    /// Framing is the host's, and so is what `connection` names; all else stays, in order.
    #[test]
    fn framing_is_left_out() {
        let sent = checked(
            200,
            &list(&[
                ("Set-Cookie", "a=1"),
                ("content-length", "7"),
                ("connection", "close, X-Secret"),
                ("x-secret", "1"),
                ("set-cookie", "b=2"),
            ]),
        );
        assert_eq!(
            sent,
            Ok(list(&[("set-cookie", "a=1"), ("set-cookie", "b=2")]))
        );
    }

    /// The limit lets through as many headers as it says, and not one more.
    #[test]
    fn headers_are_limited() {
        for (count, fits) in [(MAX_HEADERS, true), (MAX_HEADERS + 1, false)] {
            let many: Headers = (0..count).map(|x| (format!("x{x}"), Vec::new())).collect();
            assert_eq!(checked(200, &many).is_ok(), fits, "{count}");
        }
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
            assert!(checked(status, &list(&[(name, value)])).is_err());
        }
    }
}
