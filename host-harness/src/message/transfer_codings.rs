//! Checks the transfer codings of a message that arrives over HTTP/1.

use http::HeaderMap;
use http::header::TRANSFER_ENCODING;

/// Why a body cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidCodings {
    /// RFC 9112, section 6.1 forbids it: two readers could see two different ends.
    #[error("transfer-encoding has chunked more than once")]
    ChunkedTwice,
    /// The bytes would reach the function encoded, and the header that says so would not.
    #[error("transfer-encoding has a coding besides chunked, which is the only supported one")]
    Unsupported,
}

/// Checks that `chunked` is the only transfer coding, if there is any. Hyper checks that it is the last one.
pub(crate) fn check_codings(headers: &HeaderMap) -> Result<(), InvalidCodings> {
    let values = headers.get_all(TRANSFER_ENCODING).iter();
    let codings = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let (mut chunked, mut others) = (0, 0);
    for coding in codings.map(<[u8]>::trim_ascii) {
        match coding {
            // Lists may have empty elements (RFC 9110, section 5.6.1.2).
            [] => {}
            _ if coding.eq_ignore_ascii_case(b"chunked") => chunked += 1,
            _ => others += 1,
        }
    }
    match (chunked, others) {
        (2.., _) => Err(InvalidCodings::ChunkedTwice),
        (_, 1..) => Err(InvalidCodings::Unsupported),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One `chunked` is accepted, in any case; a second one and all other codings are not.
    #[test]
    fn only_one_chunked_is_accepted() {
        let twice = Err(InvalidCodings::ChunkedTwice);
        let unsupported = Err(InvalidCodings::Unsupported);
        for (values, expected) in [
            (&[][..], Ok(())),
            (&["chunked"], Ok(())),
            (&[", Chunked ,"], Ok(())),
            (&["chunked, chunked"], twice),
            (&["chunked", "CHUNKED"], twice),
            (&["gzip, chunked, chunked"], twice),
            (&["gzip, chunked"], unsupported),
            (&["gzip", "chunked"], unsupported),
            (&["identity, chunked"], unsupported),
            (&["gzip"], unsupported),
            (&["chunked;a=b"], unsupported),
        ] {
            let values = values
                .iter()
                .map(|value| (TRANSFER_ENCODING, value.parse().unwrap()));
            assert_eq!(
                check_codings(&values.collect()),
                expected,
                "expected {expected:?}"
            );
        }
    }
}
