//! Parses addresses to listen on.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

/// `HOST:PORT`, or just `PORT` for 127.0.0.1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ListenAddress {
    Address(SocketAddr),
    Name(String, u16),
}

impl ListenAddress {
    /// The addresses to try in turn. IPv4 comes first: clients that try only one address of a name such as
    /// `localhost` try that one.
    pub(crate) async fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        match self {
            Self::Address(address) => Ok(vec![*address]),
            Self::Name(host, port) => {
                let found = tokio::net::lookup_host((host.as_str(), *port)).await?;
                let mut addresses: Vec<_> = found.collect();
                addresses.sort_by_key(SocketAddr::is_ipv6);
                Ok(addresses)
            }
        }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(host, port) => write!(f, "{host}:{port}"),
        }
    }
}

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        if text.contains("://") {
            return Err("expected HOST:PORT without a scheme, such as 127.0.0.1:8080".into());
        }
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let port = port(text)?;
            return Ok(Self::Address((Ipv4Addr::LOCALHOST, port).into()));
        }
        let Some((host, port_text)) = text.rsplit_once(':') else {
            return Err(format!(
                "missing port: expected HOST:PORT, such as {}:8080",
                or_local(text)
            ));
        };
        let bare = text.trim_start_matches('[').trim_end_matches(']');
        if bare.parse::<IpAddr>().is_ok() {
            return Err(format!(
                "missing port: expected [HOST]:PORT, such as [{bare}]:8080"
            ));
        }
        let port = port(port_text)?;
        if matches!(host, "" | "*") {
            // Elsewhere this means all addresses, which is too much to expose by accident.
            return Err(format!(
                "missing host: 127.0.0.1:{port} is for this machine only; 0.0.0.0:{port} or \
                 [::]:{port} for all its addresses"
            ));
        }
        if host.contains(':') {
            return Err(format!(
                "missing brackets around the IPv6 address: expected a form like [::1]:{port}"
            ));
        }
        if !is_name(host) {
            return Err(format!(
                "invalid host {host:?}: expected a name or an address, such as 127.0.0.1:{port}"
            ));
        }
        Ok(Self::Name(host.to_owned(), port))
    }
}

fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| {
        format!("invalid port {text:?}: expected 0 to 65535, where 0 takes a free one")
    })
}

fn is_name(host: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    !host.is_empty() && host.bytes().all(is_part)
}

/// The host itself as an example, if it is valid.
fn or_local(host: &str) -> &str {
    if is_name(host) { host } else { "127.0.0.1" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<String, String> {
        text.parse::<ListenAddress>()
            .map(|address| address.to_string())
    }

    /// An address or name with a port is accepted.
    #[test]
    fn addresses_and_names_are_accepted() {
        for (text, address) in [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("0.0.0.0:0", "0.0.0.0:0"),
            ("[::1]:0", "[::1]:0"),
            ("[::]:8080", "[::]:8080"),
            ("localhost:8080", "localhost:8080"),
            ("my-host.example:65535", "my-host.example:65535"),
            ("8080", "127.0.0.1:8080"),
            ("0", "127.0.0.1:0"),
        ] {
            assert_eq!(parsed(text).as_deref(), Ok(address), "{text}");
        }
    }

    /// Anything else is refused with an example.
    #[test]
    fn other_addresses_are_refused_with_an_example() {
        for (text, says) in [
            ("", "127.0.0.1:8080"),
            (":8080", "127.0.0.1:8080 is for this machine only"),
            ("*:8080", "0.0.0.0:8080"),
            ("localhost", "localhost:8080"),
            ("127.0.0.1", "127.0.0.1:8080"),
            ("local\u{202e}host", "127.0.0.1:8080"),
            ("\u{1b}[31m", "127.0.0.1:8080"),
            ("::1", "[::1]:8080"),
            ("[::1]", "[::1]:8080"),
            ("fe80::x:8080", "missing brackets"),
            ("http://localhost:8080", "without a scheme"),
            ("localhost:http", "0 to 65535"),
            ("localhost:65536", "0 to 65535"),
            ("65536", "0 to 65535"),
            ("my host:80", "invalid host"),
            ("my\u{202e}host:80", r"\u{202e}"),
            ("host:8\u{202e}0", r"\u{202e}"),
        ] {
            let error = parsed(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
            assert!(!error.contains(['\u{202e}', '\u{1b}']), "{error:?}");
        }
    }

    /// The name localhost resolves to its IPv4 address first.
    #[tokio::test]
    async fn localhost_is_ipv4_first() {
        let address: ListenAddress = "localhost:80".parse().unwrap();
        let found = address.resolve().await.unwrap();
        assert_eq!(found.first(), Some(&"127.0.0.1:80".parse().unwrap()));
    }
}
