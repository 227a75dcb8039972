/// The headers that HTTP allows only once in a request or a response (RFC 9110, 9111, 6266 and 6797, and
/// the Fetch standard): two of them are an error, or one that each reader takes differently.
const SINGLE: [&str; 30] = [
    "access-control-allow-credentials",
    "access-control-allow-origin",
    "access-control-max-age",
    "age",
    "authorization",
    "content-disposition",
    "content-length",
    "content-location",
    "content-range",
    "content-type",
    "date",
    "etag",
    "expires",
    "from",
    "host",
    "if-modified-since",
    "if-range",
    "if-unmodified-since",
    "last-modified",
    "location",
    "origin",
    "proxy-authorization",
    "range",
    "referer",
    "retry-after",
    "server",
    "strict-transport-security",
    "user-agent",
    "x-content-type-options",
    "x-frame-options",
];

/// Whether a message may have only one header of this name.
#[doc(hidden)]
#[must_use]
pub fn is_single_header(name: &str) -> bool {
    SINGLE
        .iter()
        .any(|single| name.eq_ignore_ascii_case(single))
}
