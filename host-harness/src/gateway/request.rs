//! Checks and normalizes a request's head before a function gets it.

use http::header::HOST;
use http::request::Parts;
use http::{HeaderValue, StatusCode, Version};

use crate::message::cookies::join_cookies;
use crate::message::transfer_codings::{InvalidCodings, check_codings};

/// Why no function gets a request.
#[derive(Debug)]
pub(super) struct Invalid {
    pub(super) status: StatusCode,
    pub(super) detail: String,
    /// Where the request ends is uncertain, so its connection must not carry another one.
    pub(super) closes: bool,
}

impl Invalid {
    fn host(detail: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            detail: detail.to_owned(),
            closes: false,
        }
    }

    fn codings(codings: InvalidCodings) -> Self {
        let status = match codings {
            InvalidCodings::ChunkedTwice => StatusCode::BAD_REQUEST,
            // RFC 9112, section 6.1.
            InvalidCodings::Unsupported => StatusCode::NOT_IMPLEMENTED,
        };
        Self {
            status,
            detail: codings.to_string(),
            closes: true,
        }
    }
}

/// Checks the request's host and its codings, if it is chunked, and joins what HTTP/2 may split.
pub(super) fn normalize(request: &mut Parts, is_chunked: bool) -> Result<(), Invalid> {
    check_host(request).map_err(Invalid::host)?;
    if is_chunked {
        check_codings(&request.headers).map_err(Invalid::codings)?;
    }
    // HTTP/2 puts the host into the request's target, which takes precedence in HTTP/1 too
    // (RFC 9112, section 3.2.2). Functions look for it among the headers.
    if let Some(authority) = request.uri.authority()
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        request.headers.insert(HOST, host);
    }
    if request.version == Version::HTTP_2 {
        join_cookies(&mut request.headers);
    }
    Ok(())
}

/// Checks that there is exactly one valid host.
///
/// RFC 9112, section 3.2: there is one Host header, which only HTTP/1.0 may leave out. RFC 9113,
/// section 8.3.1: HTTP/2 may name the host in the target instead, and both must agree.
fn check_host(request: &Parts) -> Result<(), &'static str> {
    let mut hosts = request.headers.get_all(HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err("the request has more than one Host header");
    }
    let target = request.uri.authority();
    if request.version == Version::HTTP_2 {
        let target = target.map(|authority| authority.as_str().as_bytes());
        return match (host.map(HeaderValue::as_bytes), target) {
            (None, None) => Err("the request has neither :authority nor a Host header"),
            (Some(host), Some(target)) if !host.eq_ignore_ascii_case(target) => {
                Err("the Host header and :authority differ")
            }
            (host, target) => is_host(target.or(host).unwrap_or_default())
                .then_some(())
                .ok_or("the host in :authority or the Host header is invalid"),
        };
    }
    let is_valid = |authority: &http::uri::Authority| is_host(authority.as_str().as_bytes());
    if target.is_some_and(|target| !is_valid(target)) {
        return Err("the host in the request's target is invalid: expected HOST or HOST:PORT");
    }
    match host {
        None if request.version < Version::HTTP_11 => Ok(()),
        None => Err("the request has no Host header, which HTTP/1.1 requires"),
        Some(host) if is_host(host.as_bytes()) => Ok(()),
        Some(_) => Err("the Host header is invalid: expected HOST or HOST:PORT"),
    }
}

/// Whether this is `uri-host [ ":" port ]` (RFC 9110, section 7.2). An empty value is valid: clients
/// send it if they know no name.
fn is_host(value: &[u8]) -> bool {
    // The common case: a name or an IPv4 address without escapes.
    let end = value.iter().position(|byte| !is_name_byte(*byte));
    match (end, value.first()) {
        (None, _) => true,
        (Some(end @ 1..), _) if value.get(end) == Some(&b':') => {
            is_port(value.get(end..).unwrap_or_default())
        }
        (_, Some(b'[')) => is_ipv6_host(value),
        _ => {
            let end = value.iter().position(|&byte| byte == b':');
            let (name, port) = value.split_at(end.unwrap_or(value.len()));
            !name.is_empty() && is_name(name) && is_port(port)
        }
    }
}

/// Whether this is an IPv6 address in brackets, optionally with a port.
fn is_ipv6_host(value: &[u8]) -> bool {
    let Some(end) = value.iter().position(|&byte| byte == b']') else {
        return false;
    };
    let (address, port) = value.split_at(end);
    let address = address.get(1..).unwrap_or_default();
    let address = std::str::from_utf8(address).ok();
    address.is_some_and(|text| text.parse::<std::net::Ipv6Addr>().is_ok())
        && is_port(port.get(1..).unwrap_or_default())
}

/// Whether this is empty, or a colon and at most 65535.
fn is_port(port: &[u8]) -> bool {
    match port.split_first() {
        None => true,
        Some((b':', digits)) => {
            let number = digits.iter().try_fold(0_u32, |number, digit| {
                let digit = digit.is_ascii_digit().then(|| u32::from(digit - b'0'))?;
                Some(number * 10 + digit).filter(|number| *number <= u32::from(u16::MAX))
            });
            number.is_some()
        }
        Some(_) => false,
    }
}

/// The bytes that names consist of, apart from percent-encoded ones.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const NAME_BYTES: [bool; 256] = {
    let mut bytes = [false; 256];
    let mut rest: &[u8] = b"-._~!$&'()*+,;=\
        0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    while let [byte, after @ ..] = rest {
        bytes[*byte as usize] = true;
        rest = after;
    }
    bytes
};

fn is_name_byte(byte: u8) -> bool {
    NAME_BYTES.get(usize::from(byte)) == Some(&true)
}

/// Whether this is RFC 3986's `reg-name`; names and IPv4 addresses both are.
fn is_name(name: &[u8]) -> bool {
    let mut bytes = name.iter();
    while let Some(&byte) = bytes.next() {
        let is_plain = is_name_byte(byte);
        let is_escape = !is_plain
            && byte == b'%'
            && bytes.next().is_some_and(u8::is_ascii_hexdigit)
            && bytes.next().is_some_and(u8::is_ascii_hexdigit);
        if !is_plain && !is_escape {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use http::Request;
    use http::header::COOKIE;

    use super::*;

    fn normalized(version: Version, target: &str, hosts: &[&str]) -> Result<Parts, Invalid> {
        let mut request = Request::builder().version(version).uri(target);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        normalize(&mut parts, false).map(|()| parts)
    }

    /// A host is a name or an address, optionally with a port.
    #[test]
    fn invalid_hosts_are_refused() {
        for (host, valid) in [
            ("", true),
            ("a", true),
            ("a.example:8080", true),
            ("a:", true),
            ("a:65535", true),
            ("127.0.0.1:80", true),
            ("[::1]", true),
            ("[::1]:80", true),
            ("a%20b", true),
            ("a_b~!$&'()*+,;=", true),
            ("a:65536", false),
            ("a:b", false),
            ("a:80:80", false),
            (":80", false),
            ("a b", false),
            ("a,b", true),
            ("a/b", false),
            ("u@a", false),
            ("http://a", false),
            ("a?b", false),
            ("a#b", false),
            ("a%2", false),
            ("::1", false),
            ("[::1", false),
            ("[::1]80", false),
            ("[a]", false),
            ("<script>", false),
            ("é", false),
        ] {
            let hosts = [host];
            let found = normalized(Version::HTTP_11, "/", &hosts);
            assert_eq!(found.is_ok(), valid, "{host:?}");
        }
    }

    /// There is one host; HTTP/1.0 may leave it out, and HTTP/2 may name it in the target alone.
    #[test]
    fn exactly_one_host_is_accepted() {
        let absolute = "http://a:80/x";
        for (version, target, hosts, host) in [
            (Version::HTTP_10, "/", &[][..], Some(None)),
            (Version::HTTP_10, "/", &["a"], Some(Some("a"))),
            (Version::HTTP_10, "/", &["a", "a"], None),
            (Version::HTTP_11, "/", &[], None),
            (Version::HTTP_11, absolute, &[], None),
            (Version::HTTP_11, absolute, &["b"], Some(Some("a:80"))),
            (Version::HTTP_11, "http://u:p@b:1/x", &["b"], None),
            (Version::HTTP_11, "http://a:99999/x", &["a"], None),
            (Version::HTTP_11, "/", &["a", "b"], None),
            (Version::HTTP_2, "/", &[], None),
            (Version::HTTP_2, "/", &["a"], Some(Some("a"))),
            (Version::HTTP_2, absolute, &[], Some(Some("a:80"))),
            (Version::HTTP_2, absolute, &["A:80"], Some(Some("a:80"))),
            (Version::HTTP_2, absolute, &["b"], None),
            (Version::HTTP_2, absolute, &["a:80", "a:80"], None),
        ] {
            let found = normalized(version, target, hosts).ok();
            let found = found.map(|parts| parts.headers.get(HOST).cloned());
            let host = host.map(|host| host.map(HeaderValue::from_static));
            assert_eq!(found, host, "{version:?} {target} {hosts:?}");
        }
    }

    /// Cookies split by HTTP/2 become one header, in order; those of HTTP/1 stay as sent.
    #[test]
    fn split_cookies_are_joined() {
        for (version, joined) in [
            (Version::HTTP_2, &["a=1; b=2; c=3; d=\u{e9}"][..]),
            (Version::HTTP_11, &["a=1; b=2", "c=3", "d=\u{e9}"]),
        ] {
            let request = Request::builder().version(version).header(HOST, "x");
            let request = request
                .header(COOKIE, "a=1; b=2")
                .header(COOKIE, "c=3")
                .header(COOKIE, "d=\u{e9}".as_bytes());
            let (mut parts, ()) = request.body(()).unwrap().into_parts();
            normalize(&mut parts, false).unwrap();
            let found: Vec<_> = parts.headers.get_all(COOKIE).iter().collect();
            assert_eq!(found, joined);
        }
    }
}
