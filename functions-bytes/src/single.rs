/// The headers that HTTP allows only once in a request or a response: two of them are an error, or each reader
/// takes another of the two.
///
/// This is the only list, for requests and responses of all crates. It has the fields of IANA's registry whose
/// value is neither a list nor a dictionary, and those of the standards beside it:
///
/// - HTTP: RFC 9110, 9111, 6266, 6797, 7089, 8030, 8470, 8594, 9745, and WebDAV (RFC 4918, 5023);
/// - Fetch, HTML and Service Workers: CORS, `cross-origin-*`, `sec-fetch-*`, `refresh`, events;
/// - W3C's trace context, and what browsers read though no standard says so (`x-frame-options`).
///
/// Not in it are fields of one connection, which the host sets, and `cookie`, whose values HTTP/2 may split.
const SINGLE: [&str; 79] = [
    "accept-datetime",
    "access-control-allow-credentials",
    "access-control-allow-origin",
    "access-control-allow-private-network",
    "access-control-max-age",
    "access-control-request-method",
    "access-control-request-private-network",
    "age",
    "alt-used",
    "authorization",
    "content-disposition",
    "content-length",
    "content-location",
    "content-md5",
    "content-range",
    "content-type",
    "cross-origin-embedder-policy",
    "cross-origin-embedder-policy-report-only",
    "cross-origin-opener-policy",
    "cross-origin-opener-policy-report-only",
    "cross-origin-resource-policy",
    "date",
    "deprecation",
    "depth",
    "destination",
    "dnt",
    "early-data",
    "etag",
    "expires",
    "from",
    "host",
    "idempotency-key",
    "if-modified-since",
    "if-range",
    "if-unmodified-since",
    "last-event-id",
    "last-modified",
    "location",
    "lock-token",
    "max-forwards",
    "memento-datetime",
    "origin",
    "origin-agent-cluster",
    "overwrite",
    "ping-from",
    "ping-to",
    "proxy-authorization",
    "range",
    "referer",
    "refresh",
    "retry-after",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-fetch-user",
    "sec-gpc",
    "sec-websocket-accept",
    "sec-websocket-key",
    "server",
    "service-worker",
    "service-worker-allowed",
    "slug",
    "sourcemap",
    "strict-transport-security",
    "sunset",
    "topic",
    "traceparent",
    "ttl",
    "upgrade-insecure-requests",
    "urgency",
    "user-agent",
    "x-content-type-options",
    "x-dns-prefetch-control",
    "x-download-options",
    "x-frame-options",
    "x-permitted-cross-domain-policies",
    "x-sourcemap",
    "x-ua-compatible",
    "x-xss-protection",
];

/// Whether a message may have only one header of this name.
#[doc(hidden)]
#[must_use]
pub fn is_single_header(name: &str) -> bool {
    SINGLE
        .iter()
        .any(|single| name.eq_ignore_ascii_case(single))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list is in order and in lower case, so that nothing is in it twice.
    #[test]
    fn list_is_sorted_and_lower_case() {
        assert!(SINGLE.is_sorted_by(|one, next| one < next));
        for name in SINGLE {
            assert_eq!(name, name.to_ascii_lowercase());
        }
    }

    /// Fields whose standard makes them a list or a dictionary, or lets them come again, add to each other.
    #[test]
    fn lists_and_dictionaries_are_not_single() {
        for name in [
            "accept",
            "accept-ranges",
            "access-control-allow-headers",
            "access-control-allow-methods",
            "access-control-expose-headers",
            "allow",
            "alt-svc",
            "authentication-info",
            "baggage",
            "cache-control",
            "clear-site-data",
            "content-digest",
            "content-encoding",
            "content-language",
            "content-security-policy",
            "cookie",
            "forwarded",
            "if-match",
            "if-none-match",
            "link",
            "nel",
            "permissions-policy",
            "prefer",
            "priority",
            "referrer-policy",
            "report-to",
            "reporting-endpoints",
            "server-timing",
            "set-cookie",
            "timing-allow-origin",
            "tracestate",
            "vary",
            "via",
            "www-authenticate",
            "x-forwarded-for",
            "x-robots-tag",
        ] {
            assert!(!is_single_header(name), "{name}");
        }
    }
}
