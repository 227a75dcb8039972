//! Where a call goes: to a function of this host, or to a server.

use std::net::IpAddr;

use http::Uri;

/// Where a scheduler runs functions, below an endpoint's URL.
pub(super) const RUN: &str = "/dispatch.sdk.v1.FunctionService/Run";

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// A function of this host, and the path that it gets.
    Function {
        name: String,
        path: String,
        url: Uri,
    },
    /// A server.
    Server { url: Uri },
}

/// The URLs under which this host's functions are reached.
#[derive(Debug, Clone, Default)]
pub(super) struct Bases(Vec<Uri>);

impl Bases {
    pub(super) fn new(urls: &[String]) -> Self {
        Self(urls.iter().filter_map(|url| url.parse().ok()).collect())
    }

    /// The path of a URL below one of the bases.
    fn path_of<'a>(&self, url: &'a Uri) -> Option<&'a str> {
        self.0.iter().find_map(|base| {
            let is_same =
                base.scheme() == url.scheme() && port(base) == port(url) && is_host(base, url);
            let path = url.path().strip_prefix(base.path().trim_end_matches('/'));
            path.filter(|path| is_same && path.starts_with('/'))
        })
    }
}

fn port(url: &Uri) -> u16 {
    let is_tls = url.scheme_str() == Some("https");
    url.port_u16().unwrap_or(if is_tls { 443 } else { 80 })
}

/// Whether a URL's host is that of a base. An address for all of a machine's stands for its own.
fn is_host(base: &Uri, url: &Uri) -> bool {
    let (Some(own), Some(host)) = (base.host(), url.host()) else {
        return false;
    };
    let address = |host: &str| host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
    let is_name = host.eq_ignore_ascii_case("localhost");
    let given = address(host);
    match address(own) {
        Some(all) if all.is_unspecified() => {
            is_name || given.is_some_and(|given| given.is_loopback())
        }
        Some(own) if own.is_loopback() => is_name || given == Some(own),
        _ => own.eq_ignore_ascii_case(host),
    }
}

const EXPECTED: &str = "expected an absolute URL of http or https without user, query and fragment";

impl Endpoint {
    /// Parses an endpoint's URL.
    pub(super) fn parse(text: &str, bases: &Bases) -> Result<Self, String> {
        let invalid = || format!("endpoint: invalid {text:?}: {EXPECTED}");
        if text.starts_with("bridge://") || text.starts_with("arn:") {
            return Err(format!("endpoint: unsupported {text:?}: {EXPECTED}"));
        }
        let is_http = text.starts_with("http://") || text.starts_with("https://");
        if !is_http || text.contains(['?', '#']) {
            return Err(invalid());
        }
        let base = text.trim_end_matches('/');
        let url: Uri = format!("{base}{RUN}").parse().map_err(|_| invalid())?;
        let authority = url.authority().ok_or_else(invalid)?;
        let has_port = authority.as_str().len() != authority.host().len();
        if authority.host().is_empty()
            || authority.as_str().contains('@')
            || (has_port && authority.port_u16().is_none())
            || !is_escaped(url.path())
        {
            return Err(invalid());
        }
        let Some(path) = bases.path_of(&url) else {
            return Ok(Self::Server { url });
        };
        let path = path.trim_start_matches('/');
        let (name, rest) = path.split_once('/').unwrap_or_default();
        let (name, path) = (name.to_owned(), format!("/{rest}"));
        Ok(Self::Function { name, path, url })
    }

    pub(super) fn url(&self) -> &Uri {
        match self {
            Self::Function { url, .. } | Self::Server { url } => url,
        }
    }
}

/// Whether each `%` of a path begins two hexadecimal digits.
fn is_escaped(path: &str) -> bool {
    path.split('%').skip(1).all(|rest| {
        let digits = rest.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A URL below one of the host's own is a function, under each of its names.
    #[test]
    fn own_urls_are_functions() {
        let own = [
            "http://127.0.0.1:8080".to_owned(),
            "https://example.com/f/".to_owned(),
        ];
        let bases = Bases::new(&own);
        for (url, expected) in [
            ("http://127.0.0.1:8080/greet", Some(("greet", ""))),
            ("http://localhost:8080/greet/a/", Some(("greet", "/a"))),
            ("https://Example.com/f/greet", Some(("greet", ""))),
            ("https://example.com:443/f/greet", Some(("greet", ""))),
            ("https://example.com/greet", None),
            ("http://127.0.0.1:8081/greet", None),
            ("http://127.0.0.2:8080/greet", None),
            ("https://127.0.0.1:8080/greet", None),
        ] {
            let found = Endpoint::parse(url, &bases).unwrap();
            match (found, expected) {
                (Endpoint::Server { .. }, None) => {}
                (Endpoint::Function { name, path, .. }, Some((expected, rest))) => {
                    assert_eq!(
                        (name.as_str(), path),
                        (expected, format!("{rest}{RUN}")),
                        "{url}"
                    );
                }
                (found, _) => panic!("{url}: {found:?}"),
            }
        }
        let all = Bases::new(&["http://0.0.0.0:8080".to_owned()]);
        let found = Endpoint::parse("http://localhost:8080/greet", &all).unwrap();
        assert!(matches!(found, Endpoint::Function { .. }));
    }

    /// What no request can go to is refused.
    #[test]
    fn other_endpoints_are_refused() {
        for url in [
            "",
            "example.com",
            "/greet",
            "ftp://a",
            "bridge://a",
            "arn:aws:lambda:x",
            "http://",
            "http://u:p@a",
            "http://a?b",
            "http://a#b",
            "http://a b",
            "http://a:port",
            "http://a:99999",
            "http:///a",
            "http://a/%zz",
            "http://a/%2",
        ] {
            assert!(Endpoint::parse(url, &Bases::default()).is_err(), "{url}");
        }
    }
}
