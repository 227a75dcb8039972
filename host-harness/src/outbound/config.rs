//! Settings and limits that the clients of all functions share.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use super::egress::Egress;
use super::resolver::{Resolver, Share};
use super::tls_roots::{InvalidAuthorities, TlsRoots};

/// The longest head of a response, in bytes: hyper's limit for HTTP/1, applied to HTTP/2 as well.
pub(super) const MAX_HEAD: u32 = 408 * 1024;

/// Egress rules, trusted authorities, host overrides, and the limit on requests in flight.
#[derive(Debug)]
pub(crate) struct OutboundConfig {
    pub(super) egress: Egress,
    pub(super) tls_roots: TlsRoots,
    overrides: HostOverrides,
    resolver: Resolver,
    /// One permit for each request that may be in flight.
    permits: Arc<Semaphore>,
    #[cfg(feature = "testing")]
    pub(super) fakes: super::Fakes,
}

/// The permit of a request in flight.
pub(super) type OutboundPermit = OwnedSemaphorePermit;

/// Names whose addresses the host's owner sets; all others are resolved.
pub(crate) type HostOverrides = Vec<(String, SocketAddr)>;

impl OutboundConfig {
    pub(crate) fn new(
        egress: Egress,
        authorities: &[PathBuf],
        names: &[(String, SocketAddr)],
        requests: u32,
    ) -> Result<Self, InvalidAuthorities> {
        let requests = usize::try_from(requests.max(1)).unwrap_or(usize::MAX);
        Ok(Self {
            egress,
            tls_roots: TlsRoots::new(authorities)?,
            overrides: names
                .iter()
                .map(|(name, address)| (without_root(&name.to_ascii_lowercase()).into(), *address))
                .collect(),
            resolver: Resolver::of_system(),
            permits: Arc::new(Semaphore::new(requests.min(Semaphore::MAX_PERMITS))),
            #[cfg(feature = "testing")]
            fakes: super::Fakes::default(),
        })
    }

    /// Lets a test's handlers answer for servers.
    #[cfg(feature = "testing")]
    pub(crate) fn with_fakes(self, fakes: super::Fakes) -> Self {
        Self { fakes, ..self }
    }

    /// Fails for the first of a function's rules that allows more than the host does.
    pub(crate) fn check_egress(&self, own: &Egress) -> Result<(), String> {
        match self.egress.uncovered(own) {
            None => Ok(()),
            // No host that lets functions reach only named servers takes such a rule.
            Some(rule)
                if self.egress.is_only_named() && own.catch_all().as_ref() == Some(&rule) =>
            {
                Err(format!(
                    "{rule} names no server, and the host lets functions reach only servers that are named; expected \
                 HOST[:PORT] or *.DOMAIN for each server"
                ))
            }
            Some(rule) => Err(format!(
                "{rule} is not among the servers that the host lets functions reach; start the host with \
                 --allow-host {rule}"
            )),
        }
    }

    /// Waits for a permit, in order of arrival.
    pub(super) async fn acquire(&self) -> Result<OutboundPermit, AcquireError> {
        Arc::clone(&self.permits).acquire_owned().await
    }

    /// A server's addresses. An override with port 0 gets the URL's port.
    pub(super) async fn lookup(
        &self,
        name: &str,
        port: u16,
        share: &Share,
    ) -> io::Result<Vec<SocketAddr>> {
        let bare = without_root(name);
        let given = self.overrides.iter().filter(|(known, _)| known == bare);
        let given = given.map(|(_, address)| match address.port() {
            0 => SocketAddr::new(address.ip(), port),
            _ => *address,
        });
        let given: Vec<_> = given.collect();
        if !given.is_empty() {
            return Ok(given);
        }
        self.resolver.lookup(name, port, share).await
    }
}

/// The name without the dot at its end, which marks it as absolute.
fn without_root(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(egress: Egress, rule: &str) -> String {
        let network = OutboundConfig::new(egress, &[], &[], 1).unwrap();
        let own = Egress::of_function(&[rule.into()]).unwrap();
        network.check_egress(&own).unwrap_err()
    }

    /// The advice for a rule beyond the host's is one that the host can follow.
    #[test]
    fn advice_can_be_followed() {
        let rules = || Egress::new(&["a.example".into()]).unwrap();
        assert!(refusal(rules(), "*").ends_with("with --allow-host *"));
        for rule in ["*", "*:443"] {
            let said = refusal(rules().only_named(), rule);
            assert!(
                said.contains("names no server") && !said.contains("--allow"),
                "{said}"
            );
        }
        let said = refusal(rules().only_named(), "b.example");
        assert!(said.ends_with("with --allow-host b.example"), "{said}");
    }
}
