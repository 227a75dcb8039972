//! The head of a response: what a function gave, without what only the host sets.

use http::header::CONTENT_LENGTH;
use http::{HeaderMap, StatusCode};

use super::headers::{HeaderLimit, allowed};

/// A valid status and valid headers.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// The body length that the function declared. Used only in the answer to HEAD, where there is no
    /// body to measure.
    pub(crate) declared_length: Option<u64>,
}

/// A function gave an invalid response head; the text says why.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct InvalidHead(pub(crate) String);

impl Head {
    /// Checks what a function gave. Whole and streamed responses follow the same rules.
    pub(crate) fn new(
        status: u16,
        headers: Vec<(String, Vec<u8>)>,
        limit: HeaderLimit,
    ) -> Result<Self, InvalidHead> {
        let status = StatusCode::from_u16(status)
            .ok()
            .filter(|status| (200..=599).contains(&status.as_u16()))
            .ok_or_else(|| InvalidHead(format!("status {status}")))?;
        let declared_length = declared_length(&headers);
        let headers =
            allowed(headers, limit).map_err(|invalid| InvalidHead(invalid.to_string()))?;
        Ok(Self {
            status,
            headers,
            declared_length,
        })
    }
}

/// The value of `content-length`, if there is exactly one and it is valid.
fn declared_length(headers: &[(String, Vec<u8>)]) -> Option<u64> {
    let mut lengths = headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case(CONTENT_LENGTH.as_str()));
    let (Some((_, length)), None) = (lengths.next(), lengths.next()) else {
        return None;
    };
    // `u64::from_str` would accept a plus sign.
    let digits = length.iter().all(u8::is_ascii_digit);
    let length = std::str::from_utf8(length).ok().filter(|_| digits)?;
    length.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only a final status is valid, at either end of the range.
    #[test]
    fn only_final_statuses_are_valid() {
        for (status, valid) in [
            (0, false),
            (199, false),
            (200, true),
            (599, true),
            (600, false),
            (u16::MAX, false),
        ] {
            assert_eq!(
                Head::new(status, Vec::new(), HeaderLimit::MAX).is_ok(),
                valid,
                "{status}"
            );
        }
    }

    /// A length is valid if it is one number, given once.
    #[test]
    fn declared_length_is_one_number() {
        for (lengths, declared) in [
            (&[][..], None),
            (&["12345"], Some(12345)),
            (&["0"], Some(0)),
            (&["18446744073709551615"], Some(u64::MAX)),
            (&["18446744073709551616"], None),
            (&["+1"], None),
            (&["-1"], None),
            (&["1 "], None),
            (&[""], None),
            (&["1", "1"], None),
        ] {
            let headers = lengths.iter();
            let headers = headers.map(|length| ("Content-Length".into(), (*length).into()));
            let head = Head::new(200, headers.collect(), HeaderLimit::MAX).unwrap();
            assert_eq!(head.declared_length, declared, "{lengths:?}");
        }
    }
}
