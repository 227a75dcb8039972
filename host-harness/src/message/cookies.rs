//! Joins the cookies of a request.

use http::HeaderMap;
use http::header::{COOKIE, HeaderValue};

/// Joins several `cookie` headers to one.
///
/// Only HTTP/2 may split them, for better compression. They are one header everywhere else (RFC 9113,
/// section 8.2.3; RFC 6265, section 5.4).
pub(crate) fn join_cookies(headers: &mut HeaderMap) {
    let mut crumbs = headers.get_all(COOKIE).iter();
    let Some(first) = crumbs.next() else { return };
    let Some(second) = crumbs.next() else { return };
    let mut joined = first.as_bytes().to_vec();
    for crumb in std::iter::once(second).chain(crumbs) {
        joined.extend_from_slice(b"; ");
        joined.extend_from_slice(crumb.as_bytes());
    }
    // Values that are valid each are valid joined.
    if let Ok(joined) = HeaderValue::from_maybe_shared(bytes::Bytes::from(joined)) {
        headers.insert(COOKIE, joined);
    }
}
