//! Parses `--allow-host`: `HOST`, `HOST:PORT`, `*.DOMAIN`, `*`.

use std::fmt;
use std::str::FromStr;

use url::Host;

use super::Permit;

/// A rule that names servers which functions may reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    All,
    /// All names with this ending, which starts with a dot.
    Below(String),
    /// One host, as in a URL: in lower case, an IPv6 address in brackets.
    One(String),
}

/// An invalid rule, and the rule that was probably meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InvalidRule {
    given: String,
    why: &'static str,
    meant: Option<String>,
}

impl fmt::Display for InvalidRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "invalid --allow-host {:?}: {}; expected ",
            self.given, self.why
        )?;
        match &self.meant {
            Some(meant) => write!(f, "--allow-host {meant}"),
            None => f.write_str("HOST, HOST:PORT, *.DOMAIN or *, such as api.example.com:443"),
        }
    }
}

impl Rule {
    /// Whether the rule names neither a host nor a domain.
    pub(super) fn is_catch_all(&self) -> bool {
        matches!(self.hosts, Hosts::All)
    }

    /// How the rule permits a server; `None` if it does not cover the server.
    pub(super) fn permit(&self, host: &str, port: u16) -> Option<Permit> {
        if self.port.is_some_and(|allowed| allowed != port) {
            return None;
        }
        let host = host.strip_suffix('.').unwrap_or(host);
        match &self.hosts {
            Hosts::All => Some(Permit::Public),
            Hosts::Below(domain) => host.ends_with(domain.as_str()).then_some(Permit::Public),
            Hosts::One(name) => (name == host).then_some(Permit::Named),
        }
    }
}

/// A server in the form of a rule that names it.
pub(super) fn written(host: &str, port: u16) -> String {
    format!("{}:{port}", host.strip_suffix('.').unwrap_or(host))
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.hosts {
            Hosts::All => f.write_str("*")?,
            Hosts::Below(domain) => write!(f, "*{domain}")?,
            Hosts::One(name) => f.write_str(name)?,
        }
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

/// Also accepts the origin of a URL, with its scheme's port.
impl FromStr for Rule {
    type Err = InvalidRule;

    fn from_str(given: &str) -> Result<Self, InvalidRule> {
        let invalid = |why, meant: Option<Rule>| InvalidRule {
            given: given.to_owned(),
            why,
            meant: meant.map(|rule| rule.to_string()),
        };
        let text = given.trim().to_ascii_lowercase();
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, text.as_str()),
        };
        let (server, path) = rest.split_once('/').unwrap_or((rest, ""));
        let mut rule = server_of(server).map_err(|why| invalid(why, None))?;
        rule.port = rule.port.or(match scheme {
            Some("https") => Some(443),
            Some("http") => Some(80),
            Some(_) => return Err(invalid("only http and https are supported", Some(rule))),
            None => None,
        });
        if !path.is_empty() {
            return Err(invalid("a rule cannot have a path", Some(rule)));
        }
        Ok(rule)
    }
}

fn server_of(text: &str) -> Result<Rule, &'static str> {
    let (host, port) = match text.rsplit_once(':') {
        // An IPv6 address: without brackets, or with brackets and without a port.
        Some((before, _)) if before.contains(':') && !before.ends_with(']') => (text, None),
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    let port = match port {
        None | Some("*") => None,
        Some(port) => match port.parse() {
            Ok(0) | Err(_) => return Err("invalid port"),
            Ok(port) => Some(port),
        },
    };
    Ok(Rule {
        hosts: hosts(host)?,
        port,
    })
}

fn hosts(text: &str) -> Result<Hosts, &'static str> {
    if text == "*" {
        return Ok(Hosts::All);
    }
    let (below, name) = match text.strip_prefix("*.") {
        Some(domain) => (true, domain),
        None => (false, text),
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    let bare_ipv6 = name.contains(':') && !name.starts_with('[');
    let parsed = if bare_ipv6 {
        Host::parse(&format!("[{name}]"))
    } else {
        Host::parse(name)
    };
    match parsed {
        Ok(Host::Domain(domain)) if domain.contains('*') => {
            Err("* must be the whole name, or the part before a domain")
        }
        Ok(Host::Domain(domain)) if below => Ok(Hosts::Below(format!(".{domain}"))),
        Ok(_) if below => Err("an address has no subdomains"),
        Ok(host) => Ok(Hosts::One(host.to_string())),
        Err(_) => Err("invalid host"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Common spellings are accepted, and normalized.
    #[test]
    fn common_spellings_are_normalized() {
        for (given, meant) in [
            ("api.example.com", "api.example.com"),
            ("API.Example.com:8080", "api.example.com:8080"),
            (" api.example.com. ", "api.example.com"),
            ("api.example.com/", "api.example.com"),
            ("https://api.example.com", "api.example.com:443"),
            ("http://api.example.com/", "api.example.com:80"),
            ("HTTPS://api.example.com:8443/", "api.example.com:8443"),
            ("10.0.0.1:80", "10.0.0.1:80"),
            ("::1", "[::1]"),
            ("[::1]", "[::1]"),
            ("[0:0::1]:80", "[::1]:80"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("*", "*"),
            ("*:443", "*:443"),
            ("*.example.com", "*.example.com"),
            ("example.com:*", "example.com"),
        ] {
            let rule: Rule = given.parse().unwrap();
            assert_eq!(rule.to_string(), meant, "{given}");
            assert_eq!(meant.parse(), Ok(rule));
        }
    }

    /// An invalid rule is refused with the corrected form, or with the expected forms.
    #[test]
    fn invalid_rules_are_refused_with_a_correction() {
        for (given, says) in [
            (
                "https://api.example.com/v1",
                "--allow-host api.example.com:443",
            ),
            ("10.0.0.0/8", "--allow-host 10.0.0.0"),
            ("ftp://example.com", "--allow-host example.com"),
            ("", "HOST:PORT"),
            ("example.com:http", "invalid port"),
            ("example.com:0", "invalid port"),
            ("a b", "invalid host"),
            ("a*.example.com", "*.DOMAIN"),
            ("*.10.0.0.1", "address"),
        ] {
            let refused = given.parse::<Rule>().unwrap_err().to_string();
            assert!(refused.contains(says), "{refused}");
        }
    }
}
