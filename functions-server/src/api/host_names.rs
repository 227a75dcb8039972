//! The names under which an API answers. A web page whose name resolves to this host must not drive it.

use std::net::IpAddr;

use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, Uri};

use super::Connection;

/// Whether a request is for an API, and not for a name that somebody made resolve to it.
pub(super) fn is_own(
    uri: &Uri,
    headers: &HeaderMap,
    connection: Option<&Connection>,
    admin_hosts: &[String],
) -> bool {
    let Some(authorities) = authorities(uri, headers) else {
        return false;
    };
    authorities.iter().all(|authority| {
        let name = name(authority);
        is_loopback(&name)
            || address(&name).is_some_and(|address| {
                connection.is_some_and(|of| of.local.ip().to_canonical() == address)
            })
            || admin_hosts.iter().any(|host| is_same(host, authority))
    })
}

/// Whether a request names this machine itself.
pub(super) fn names_loopback(uri: &Uri, headers: &HeaderMap) -> bool {
    authorities(uri, headers).is_some_and(|authorities| {
        authorities
            .iter()
            .all(|authority| is_loopback(&name(authority)))
    })
}

/// Whether a browser sent the request for a page of another origin.
pub(super) fn is_cross_site(uri: &Uri, headers: &HeaderMap) -> bool {
    let is_foreign_fetch = headers
        .get_all("sec-fetch-site")
        .iter()
        .any(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"));
    let own = authorities(uri, headers).unwrap_or_default();
    let is_foreign_origin = headers.get_all(ORIGIN).iter().any(|origin| {
        let origin = origin
            .to_str()
            .ok()
            .and_then(|origin| origin.parse::<Uri>().ok());
        let origin = origin
            .as_ref()
            .and_then(|origin| Some((origin.scheme_str()?, origin.authority()?)));
        origin.is_none_or(|(scheme, origin)| {
            own.is_empty() || own.iter().any(|own| !is_same_origin(scheme, origin, own))
        })
    });
    is_foreign_fetch || is_foreign_origin
}

/// What the request is for: the target's authority and `Host`. `None` if there is none or it is invalid.
fn authorities(uri: &Uri, headers: &HeaderMap) -> Option<Vec<Authority>> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (_, Some(_)) => return None,
        (Some(host), None) => Some(host.to_str().ok()?.parse::<Authority>().ok()?),
        (None, None) => None,
    };
    let all: Vec<_> = uri.authority().cloned().into_iter().chain(host).collect();
    (!all.is_empty()).then_some(all)
}

/// The host without its port, in lower case and without a last dot.
fn name(authority: &Authority) -> String {
    let name = authority.host().to_ascii_lowercase();
    name.strip_suffix('.').unwrap_or(&name).to_owned()
}

fn address(name: &str) -> Option<IpAddr> {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    bare.parse()
        .ok()
        .map(|address: IpAddr| address.to_canonical())
}

fn is_loopback(name: &str) -> bool {
    name == "localhost" || address(name).is_some_and(|address| address.is_loopback())
}

/// Whether an authority is a name of `--admin-host`, with its port if that has one.
fn is_same(admin_host: &str, authority: &Authority) -> bool {
    let Ok(wanted) = admin_host.parse::<Authority>() else {
        return false;
    };
    name(&wanted) == name(authority)
        && wanted
            .port_u16()
            .is_none_or(|port| authority.port_u16() == Some(port))
}

/// A reverse proxy that ends TLS does not tell its scheme: a missing port is that of the origin's scheme.
fn is_same_origin(scheme: &str, origin: &Authority, own: &Authority) -> bool {
    let default = if scheme == "https" { 443 } else { 80 };
    let port = |authority: &Authority| authority.port_u16().unwrap_or(default);
    name(origin) == name(own) && port(origin) == port(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    fn connection() -> Connection {
        Connection {
            peer: "192.0.2.1:5000".parse().unwrap(),
            local: "192.0.2.9:8081".parse().unwrap(),
        }
    }

    /// Loopback, the address that was connected to and names of the options are own; nothing else is.
    #[test]
    fn foreign_hosts_are_not_own() {
        let admin = [
            "admin.example.com".to_owned(),
            "other.example.com:8443".to_owned(),
        ];
        let uri: Uri = "/v1/functions".parse().unwrap();
        let is_own = |host: &str| {
            is_own(
                &uri,
                &headers(&[("host", host)]),
                Some(&connection()),
                &admin,
            )
        };
        for own in [
            "localhost",
            "localhost:8081",
            "LOCALHOST.",
            "127.0.0.1:9999",
            "[::1]:8081",
            "192.0.2.9:8081",
            "admin.example.com",
            "Admin.Example.com:443",
            "other.example.com:8443",
        ] {
            assert!(is_own(own), "{own}");
        }
        for foreign in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "192.0.2.8",
            "evil@localhost.x",
            "other.example.com",
            "admin.example.com.evil.example",
            "",
        ] {
            assert!(!is_own(foreign), "{foreign}");
        }
        let two = headers(&[("host", "localhost"), ("host", "evil.example")]);
        assert!(!super::is_own(&uri, &two, None, &[]));
        assert!(!super::is_own(&uri, &HeaderMap::new(), None, &[]));
        let absolute: Uri = "http://evil.example/".parse().unwrap();
        assert!(!super::is_own(
            &absolute,
            &headers(&[("host", "localhost")]),
            None,
            &[]
        ));
    }

    /// A request that a browser sends for another origin is cross-site, also from another port.
    #[test]
    fn requests_of_other_origins_are_cross_site() {
        let uri: Uri = "/v1/functions".parse().unwrap();
        let check = |host: &str, more: (&'static str, &str)| {
            is_cross_site(&uri, &headers(&[("host", host), more]))
        };
        for site in ["same-origin", "none"] {
            assert!(!check("localhost:8081", ("sec-fetch-site", site)), "{site}");
        }
        for site in ["cross-site", "same-site", "", "x"] {
            assert!(check("localhost:8081", ("sec-fetch-site", site)), "{site}");
        }
        for origin in ["http://localhost:8081", "http://LOCALHOST:8081"] {
            assert!(!check("localhost:8081", ("origin", origin)), "{origin}");
        }
        assert!(!check(
            "admin.example.com",
            ("origin", "https://admin.example.com")
        ));
        for origin in [
            "null",
            "http://evil.example",
            "http://localhost:3000",
            "http://localhost",
            "",
            "x",
        ] {
            assert!(check("localhost:8081", ("origin", origin)), "{origin}");
        }
    }
}
