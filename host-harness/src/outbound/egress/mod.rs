//! Decides which servers functions may reach.
//!
//! The name alone cannot decide. The addresses that it resolves to are checked when a connection is
//! opened; otherwise a name could point into the host's own network.

mod address;
mod rule;

use std::fmt;
use std::net::{IpAddr, SocketAddr};

pub(crate) use rule::InvalidRule;
use rule::Rule;

/// The servers that functions may reach.
///
/// With rules, the servers that they name. Without rules, every public address, unless `only_named`.
#[derive(Debug, Default)]
pub(crate) struct Egress {
    rules: Vec<Rule>,
    only_named: bool,
    /// Whether these are the rules of one function, besides those of the host.
    of_function: bool,
    /// Servers of the embedder's own, which every function reaches.
    own: Vec<SocketAddr>,
}

/// How a rule permits a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permit {
    /// The rule names the host: its address does not matter.
    Named,
    /// The host's address has to be public.
    Public,
}

impl Egress {
    /// Parses rules as given to `--allow-host`.
    pub(crate) fn new(rules: &[String]) -> Result<Self, InvalidRule> {
        let rules = rules
            .iter()
            .map(|rule| rule.parse())
            .collect::<Result<_, _>>()?;
        Ok(Self {
            rules,
            only_named: false,
            of_function: false,
            own: Vec::new(),
        })
    }

    /// Parses the rules of one function. Without any, it reaches no server.
    pub(crate) fn of_function(rules: &[String]) -> Result<Self, InvalidRule> {
        Ok(Self {
            only_named: true,
            of_function: true,
            ..Self::new(rules)?
        })
    }

    /// The first of a function's rules, as written, that names servers which these rules deny.
    pub(crate) fn uncovered(&self, function: &Self) -> Option<String> {
        let all_public = Rule::all();
        let hosts_rules = match self.rules.is_empty() && !self.only_named {
            true => std::slice::from_ref(&all_public),
            false => &*self.rules,
        };
        let mut rules = function.rules.iter();
        let uncovered = rules.find(|rule| !hosts_rules.iter().any(|of_host| of_host.covers(rule)));
        uncovered.map(ToString::to_string)
    }

    /// Denies every server that no rule names, even without rules.
    pub(crate) fn only_named(self) -> Self {
        Self {
            only_named: true,
            ..self
        }
    }

    /// Whether every server that no rule names is denied, even without rules.
    pub(crate) fn is_only_named(&self) -> bool {
        self.only_named
    }

    /// Permits servers of the embedder's own, whatever the rules are.
    pub(crate) fn with_own(self, own: Vec<SocketAddr>) -> Self {
        Self { own, ..self }
    }

    /// Whether this is a server of the embedder's own, by its address.
    pub(crate) fn is_own(&self, host: &str, port: u16) -> bool {
        let address = host.trim_start_matches('[').trim_end_matches(']').parse();
        address.is_ok_and(|address| self.own.contains(&SocketAddr::new(address, port)))
    }

    /// The first rule, as written, that names neither a host nor a domain.
    pub(crate) fn catch_all(&self) -> Option<String> {
        let mut rules = self.rules.iter();
        let rule = rules.find(|rule| rule.is_catch_all());
        rule.map(ToString::to_string)
    }

    /// Whether a server's name may be resolved: a lookup alone can leak data.
    pub(crate) fn permit(&self, host: &str, port: u16) -> Result<Permit, Denied> {
        if !self.own.is_empty() && self.is_own(host, port) {
            return Ok(Permit::Named);
        }
        if self.rules.is_empty() && !self.only_named {
            return Ok(Permit::Public);
        }
        let permits = self.rules.iter().filter_map(|rule| rule.permit(host, port));
        // A rule that names the host takes precedence over one that only covers it.
        permits
            .reduce(|one, other| if one == Permit::Named { one } else { other })
            .ok_or_else(|| self.denied(host, port, None))
    }

    /// Whether the server may be reached at this address.
    pub(crate) fn check(
        &self,
        permit: Permit,
        host: &str,
        port: u16,
        address: IpAddr,
    ) -> Result<(), Denied> {
        if permit == Permit::Named || address::is_public(address) {
            return Ok(());
        }
        Err(self.denied(host, port, Some(address)))
    }

    fn denied(&self, host: &str, port: u16, address: Option<IpAddr>) -> Denied {
        Denied {
            server: rule::written(host, port),
            address,
            first_rule: self.rules.is_empty() && !self.only_named,
            of_function: self.of_function,
        }
    }
}

/// A server that functions may not reach. The text names the option that allows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Denied {
    server: String,
    address: Option<IpAddr>,
    first_rule: bool,
    of_function: bool,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = &self.server;
        match self.address {
            Some(address) => write!(f, "{server} has the address {address}, which is not public")?,
            None => write!(
                f,
                "{server} is not among the servers that functions may reach"
            )?,
        }
        if self.of_function {
            return write!(f, "; add {server} to the function's setting allowed_hosts");
        }
        write!(f, "; --allow-host {server} allows it")?;
        if self.first_rule {
            f.write_str(" (and --allow-host '*' all public ones, as without any)")?;
        }
        Ok(())
    }
}

impl std::error::Error for Denied {}

#[cfg(test)]
mod tests;
