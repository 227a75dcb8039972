//! Where functions are reached from outside: the beginning of their URLs.

use std::net::SocketAddr;

use url::Url;

/// The base that a host is said to have, as it goes before `/NAME`.
pub(crate) fn parse(text: &str) -> Result<String, String> {
    let invalid = |why: &str| {
        format!(
            "{text:?} is not where functions can be reached: {why}; give --public-url \
             https://HOST, with a port or a path if need be"
        )
    };
    let url = Url::parse(text).map_err(|error| invalid(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("it begins with neither https:// nor http://"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("it ends with a query or a fragment"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("it has a user or a password"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// What a host that listens there is reached at from this machine.
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

    /// A base may have a port and a path, and ends without a slash.
    #[test]
    fn bases() {
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

    /// An address that stands for all of a machine's is said as one that can be reached.
    #[test]
    fn addresses() {
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
