//! What the clients of all functions have in common.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use super::egress::Egress;
use super::resolver::{Resolver, Share};
use super::tls_roots::{InvalidAuthorities, Trust};

/// Whom functions may reach, whom they trust, where names lead, and how many requests there may be.
#[derive(Debug)]
pub(crate) struct OutboundConfig {
    pub(super) egress: Egress,
    pub(super) trust: Trust,
    names: HostOverrides,
    resolver: Resolver,
    /// One for each request that may be under way.
    turns: Arc<Semaphore>,
}

/// A request's turn to be under way: the next one's when it is dropped.
pub(super) type OutboundPermit = OwnedSemaphorePermit;

/// Names that lead where the host's owner says; all others are looked up.
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
            trust: Trust::new(authorities)?,
            names: names
                .iter()
                .map(|(name, address)| (without_root(&name.to_ascii_lowercase()).into(), *address))
                .collect(),
            resolver: Resolver::of_system(),
            turns: Arc::new(Semaphore::new(requests.min(Semaphore::MAX_PERMITS))),
        })
    }

    /// Waits until one more request may be under way; those that came first go first.
    pub(super) async fn turn(&self) -> Result<OutboundPermit, AcquireError> {
        Arc::clone(&self.turns).acquire_owned().await
    }

    /// A server's addresses. Port 0 of one that was given is the URL's.
    pub(super) async fn look_up(
        &self,
        name: &str,
        port: u16,
        share: &Share,
    ) -> io::Result<Vec<SocketAddr>> {
        let bare = without_root(name);
        let given = self.names.iter().filter(|(known, _)| known == bare);
        let given = given.map(|(_, address)| match address.port() {
            0 => SocketAddr::new(address.ip(), port),
            _ => *address,
        });
        let given: Vec<_> = given.collect();
        if !given.is_empty() {
            return Ok(given);
        }
        self.resolver.look_up(name, port, share).await
    }
}

/// A name less the dot at its end, which says that nothing is to follow.
fn without_root(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}
