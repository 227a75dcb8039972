//! The URL under which clients reach the host's functions.

use std::net::SocketAddr;

use url::Url;

/// The validated public URL, in the form that goes before `/NAME`.
pub(crate) fn parse(text: &str) -> Result<String, String> {
    let invalid = |why: &str| {
        format!(
            "invalid public URL {text:?}: {why}; expected --public-url https://HOST, optionally with \
             a port and a path"
        )
    };
    let url = Url::parse(text).map_err(|error| invalid(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("the scheme is neither https nor http"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("it has a query or a fragment"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("it has a user or a password"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// The URL at which this machine reaches a host that listens on `address`.
pub(super) fn of_address(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A public URL may have a port and a path, and ends without a slash.
    #[test]
    fn public_urls_are_normalized_or_refused() {
        for (text, base) in [
            ("https://example.com", "https://example.com"),
            ("https://example.com/", "https://example.com"),
            (
                "HTTP://Example.com:8080/a/b//",
                "http://example.com:8080/a/b",
            ),
        ] {
            assert_eq!(parse(text).unwrap(), base);
        }
        for bad in [
            "",
            "example.com",
            "ftp://a",
            "http://",
            "http://a?b",
            "http://a#b",
            "http://u:p@a",
        ] {
            let why = parse(bad).unwrap_err();
            assert!(
                why.contains(&format!("{bad:?}")) && why.contains("--public-url"),
                "{why}"
            );
        }
    }

    /// An address that stands for all of a machine's becomes one that can be reached.
    #[test]
    fn unspecified_addresses_become_localhost() {
        for (address, base) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("0.0.0.0:80", "http://localhost:80"),
            ("[::1]:8080", "http://[::1]:8080"),
            ("[::]:8080", "http://localhost:8080"),
        ] {
            assert_eq!(of_address(address.parse().unwrap()), base);
        }
    }
}
