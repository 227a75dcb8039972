//! Headers that are between two ends of a connection, and nobody else's business.

use http::HeaderMap;
use http::header::{self, HeaderName};

/// RFC 9110, section 7.6.1, and the ones that were common before it.
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

/// Whether a header concerns one connection only. `connection` may name others: see
/// [`named_by_connection`].
pub(crate) fn is_hop_by_hop(name: &HeaderName) -> bool {
    HOP_BY_HOP.contains(name)
}

/// Whether the headers' `connection` names this one.
pub(crate) fn named_by_connection(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|option| option.trim().eq_ignore_ascii_case(name.as_str()))
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
}
