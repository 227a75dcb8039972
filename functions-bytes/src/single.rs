/// The headers that HTTP allows only once in a request or a response: two of them are an error, or each reader
/// takes another of the two.
///
/// This is the only list, for requests and responses of all crates. It has the fields of IANA's registry whose
/// value is neither a list nor a dictionary, and those of the standards beside it:
///
/// - HTTP: RFC 9110, 9111, 9112, 6266, 6797, 7089, 7469, 8030, 8470, 8594, 9297, 9745, 9842;
/// - who a client is: RFC 7486, 8473, 8555, 8613, 9440, 9449;
/// - WebDAV and its kin: RFC 3253, 3648, 4437, 4918, 5023, 6638, and OData and SOAP;
/// - Fetch, HTML, Service Workers and client hints: CORS, `cross-origin-*`, `sec-*`, `refresh`, events;
/// - W3C's trace context, and what browsers read though no standard says so (`x-frame-options`).
///
/// Not in it are fields of one connection, which the host sets, and `cookie`, whose values HTTP/2 may split.
const SINGLE: [&str; 117] = [
    "accept-datetime",
    "access-control-allow-credentials",
    "access-control-allow-origin",
    "access-control-allow-private-network",
    "access-control-max-age",
    "access-control-request-method",
    "access-control-request-private-network",
    "activate-storage-access",
    "age",
    "alt-used",
    "apply-to-redirect-ref",
    "authorization",
    "available-dictionary",
    "capsule-protocol",
    "client-cert",
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
    "dictionary-id",
    "dnt",
    "dpop",
    "dpop-nonce",
    "early-data",
    "etag",
    "expires",
    "from",
    "hobareg",
    "host",
    "idempotency-key",
    "if",
    "if-modified-since",
    "if-range",
    "if-schedule-tag-match",
    "if-unmodified-since",
    "include-referred-token-binding-id",
    "incremental",
    "label",
    "last-event-id",
    "last-modified",
    "location",
    "lock-token",
    "max-forwards",
    "memento-datetime",
    "mime-version",
    "odata-entityid",
    "odata-isolation",
    "odata-maxversion",
    "odata-version",
    "ordering-type",
    "origin",
    "origin-agent-cluster",
    "oscore",
    "overwrite",
    "ping-from",
    "ping-to",
    "position",
    "proxy-authorization",
    "public-key-pins",
    "public-key-pins-report-only",
    "range",
    "redirect-ref",
    "referer",
    "refresh",
    "replay-nonce",
    "retry-after",
    "save-data",
    "schedule-reply",
    "schedule-tag",
    "sec-ch-ua-mobile",
    "sec-ch-ua-platform",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-fetch-storage-access",
    "sec-fetch-user",
    "sec-gpc",
    "sec-purpose",
    "sec-token-binding",
    "sec-websocket-accept",
    "sec-websocket-key",
    "server",
    "service-worker",
    "service-worker-allowed",
    "service-worker-navigation-preload",
    "slug",
    "soapaction",
    "sourcemap",
    "status-uri",
    "strict-transport-security",
    "sunset",
    "tk",
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

    /// Fields of standards beside HTTP's own, whose value is one item.
    #[test]
    fn items_of_other_standards_are_single() {
        for name in [
            "DPoP",
            "DPoP-Nonce",
            "If",
            "Schedule-Tag",
            "If-Schedule-Tag-Match",
            "Label",
            "Position",
            "Client-Cert",
            "Sec-Token-Binding",
            "Hobareg",
            "Replay-Nonce",
            "Public-Key-Pins",
            "Available-Dictionary",
            "Dictionary-ID",
            "Capsule-Protocol",
            "MIME-Version",
            "SOAPAction",
            "Sec-Purpose",
            "Sec-Fetch-Storage-Access",
            "OData-Version",
        ] {
            assert!(is_single_header(name), "{name}");
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
            "client-cert-chain",
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
            "timeout",
            "timing-allow-origin",
            "tracestate",
            "use-as-dictionary",
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
