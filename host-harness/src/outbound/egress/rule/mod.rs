//! Parses `--allow-host`: `HOST`, `HOST:PORT`, `*.DOMAIN`, `*`.

use std::fmt;
use std::str::FromStr;

use url::Host;

use super::{Permit, address};

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

/// What a rule looks like.
const EXPECTED: &str = "HOST, HOST:PORT, *.DOMAIN or *, such as api.example.com:443";

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
            None => f.write_str(EXPECTED),
        }
    }
}

impl InvalidRule {
    /// The text without the option, for a rule of a function's setting.
    pub(crate) fn in_setting(&self) -> String {
        let expected = self.meant.as_deref().unwrap_or(EXPECTED);
        format!("{:?}: {}; expected {expected}", self.given, self.why)
    }
}

impl Rule {
    /// Whether the rule names neither a host nor a domain.
    pub(super) fn is_catch_all(&self) -> bool {
        matches!(self.hosts, Hosts::All)
    }

    /// Whether the rule and what was written after it are a network, such as `10.0.0.0/8`.
    fn is_network(&self, after: &str) -> bool {
        let is_address = match &self.hosts {
            Hosts::One(host) => !matches!(Host::parse(host), Ok(Host::Domain(_))),
            Hosts::All | Hosts::Below(_) => false,
        };
        let bits = after.strip_prefix('/');
        is_address && bits.is_some_and(|bits| bits.parse::<u8>().is_ok())
    }

    /// The rule that stands for all public servers.
    pub(super) fn all() -> Self {
        Self {
            hosts: Hosts::All,
            port: None,
        }
    }

    /// Whether this rule permits whatever `other` names. A name may have any address, which is checked
    /// when it is resolved.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let port = self.port.is_none_or(|port| other.port == Some(port));
        port && match (&self.hosts, &other.hosts) {
            (Hosts::All, Hosts::One(host)) => !is_local(host),
            (Hosts::All, Hosts::All | Hosts::Below(_)) => true,
            (Hosts::Below(domain), Hosts::Below(other) | Hosts::One(other)) => {
                other.ends_with(domain.as_str())
            }
            (Hosts::One(host), Hosts::One(other)) => host == other,
            (Hosts::Below(_) | Hosts::One(_), _) => false,
        }
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

/// Whether a host is an address that is not public.
fn is_local(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse()
        .is_ok_and(|address| !address::is_public(address))
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
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (server, after) = rest.split_at(end);
        let (user, server) = match server.rsplit_once('@') {
            Some((user, server)) => (Some(user), server),
            None => (None, server),
        };
        if server.starts_with('.') {
            let below = server_of(&format!("*{server}")).ok();
            return Err(invalid("a name cannot start with a dot", below));
        }
        let mut rule = server_of(server).map_err(|why| invalid(why, None))?;
        rule.port = rule.port.or(match scheme {
            Some("https") => Some(443),
            Some("http") => Some(80),
            Some(_) => return Err(invalid("only http and https are supported", Some(rule))),
            None => None,
        });
        if user.is_some() {
            return Err(invalid("a rule cannot have a user name", Some(rule)));
        }
        match after {
            "" | "/" => Ok(rule),
            _ if rule.is_network(after) => Err(invalid(
                "networks are not supported, name each address",
                Some(rule),
            )),
            _ => Err(invalid("a rule cannot have a path", Some(rule))),
        }
    }
}

const INVALID_PORT: &str = "invalid port: a port is a number from 1 to 65535";

/// The most bytes that DNS allows in a name, and in each of its parts.
const MAX_NAME_BYTES: usize = 253;
const MAX_LABEL_BYTES: usize = 63;

fn server_of(text: &str) -> Result<Rule, &'static str> {
    let (host, port) = match text.rsplit_once(':') {
        // An IPv6 address: without brackets, or with brackets and without a port.
        Some((before, _)) if before.contains(':') && !before.ends_with(']') => (text, None),
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    let port = match port {
        None | Some("*") => None,
        Some(port) if port.starts_with('+') => return Err(INVALID_PORT),
        Some(port) => match port.parse() {
            Ok(0) | Err(_) => return Err(INVALID_PORT),
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
        Ok(Host::Domain(domain)) if !is_name(&domain) => {
            Err("a name has at most 253 bytes, and 1 to 63 bytes between its dots")
        }
        Ok(Host::Domain(domain)) if below => Ok(Hosts::Below(format!(".{domain}"))),
        Ok(_) if below => Err("an address has no subdomains"),
        Ok(host) => Ok(Hosts::One(host.to_string())),
        Err(_) => Err("invalid host"),
    }
}

/// Whether a server can have this name. `Host::parse` leaves that to DNS.
fn is_name(domain: &str) -> bool {
    let mut labels = domain.split('.');
    domain.len() <= MAX_NAME_BYTES
        && labels.all(|label| (1..=MAX_LABEL_BYTES).contains(&label.len()))
}

#[cfg(test)]
mod tests;
