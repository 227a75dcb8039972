//! Resolves names with the system's `getaddrinfo`: `/etc/hosts`, search domains and everything else apply.
//!
//! `getaddrinfo` blocks, for half a minute if a name server does not answer. So each lookup has a
//! thread of its own, and every function a share of them. A function whose lookups hang delays only
//! its own. Neither a request that was dropped nor a host that stops waits for such a thread.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, oneshot};

/// How many lookups one function may have in flight; more wait. A lookup counts until `getaddrinfo`
/// returns, even if its result is no longer wanted.
const MAX_LOOKUPS: usize = 32;

/// How many lookups all functions together may have in flight.
const MAX_LOOKUPS_IN_TOTAL: usize = 1024;

/// The stack of a lookup's thread: address space, most of it never touched.
const STACK: usize = 512 * 1024;

/// Looks up a name, on a thread that may block.
type Lookup = fn(&str, u16) -> io::Result<Vec<SocketAddr>>;

/// Resolves names for all functions.
#[derive(Debug)]
pub(super) struct Resolver {
    lookup: Lookup,
    all: Arc<Semaphore>,
}

/// A function's share of the lookups.
#[derive(Debug, Clone)]
pub(super) struct Share(Arc<Semaphore>);

impl Default for Share {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_LOOKUPS)))
    }
}

impl Resolver {
    pub(super) fn of_system() -> Self {
        Self::new(|name, port| Ok((name, port).to_socket_addrs()?.collect()))
    }

    fn new(lookup: Lookup) -> Self {
        Self {
            lookup,
            all: Arc::new(Semaphore::new(MAX_LOOKUPS_IN_TOTAL)),
        }
    }

    /// The addresses of a name. An IP address resolves to itself.
    pub(super) async fn lookup(
        &self,
        name: &str,
        port: u16,
        share: &Share,
    ) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = name.parse::<IpAddr>() {
            return Ok(vec![(address, port).into()]);
        }
        // The function's own permit first, so that waiting for it holds none of the shared ones.
        let permits = [permit(&share.0).await?, permit(&self.all).await?];
        let (sender, found) = oneshot::channel();
        let (lookup, name) = (self.lookup, name.to_owned());
        let thread = std::thread::Builder::new()
            .name("lookup".into())
            .stack_size(STACK);
        thread.spawn(move || {
            // Sending fails if the result is no longer wanted.
            let _ = sender.send(lookup(&name, port));
            drop(permits);
        })?;
        found.await.map_err(io::Error::other)?
    }
}

/// Waits for a permit of a semaphore that is never closed.
async fn permit(of: &Arc<Semaphore>) -> io::Result<OwnedSemaphorePermit> {
    let permit = Arc::clone(of).acquire_owned().await;
    permit.map_err(|closed: AcquireError| io::Error::other(closed))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use futures_util::FutureExt as _;

    use super::*;

    /// Like a name server that does not answer: takes longer than any test.
    fn hang(name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        if name.starts_with("hanging") {
            std::thread::sleep(Duration::from_secs(3600));
        }
        Ok(vec![([10, 0, 0, 1], port).into()])
    }

    /// The system's names and addresses resolve; missing names do not.
    #[tokio::test]
    async fn system_names_resolve() {
        let resolver = Resolver::of_system();
        for (name, expected) in [
            ("127.0.0.1", "127.0.0.1:7"),
            ("::1", "[::1]:7"),
            ("localhost", "127.0.0.1:7"),
            ("LocalHost", "127.0.0.1:7"),
        ] {
            let found = resolver.lookup(name, 7, &Share::default()).await.unwrap();
            assert!(found.contains(&expected.parse().unwrap()), "{name}");
        }
        let long = "x".repeat(64);
        for name in ["", &long] {
            let found = resolver.lookup(name, 7, &Share::default()).await;
            assert!(
                !found.is_ok_and(|found| !found.is_empty() && name == long),
                "{name}"
            );
        }
    }

    /// A function whose lookups never end delays neither other functions nor its own IP addresses. It has
    /// no more threads than its share.
    #[tokio::test]
    async fn hanging_lookups_delay_only_their_function() {
        let resolver = Resolver::new(hang);
        let hanging = Share::default();
        let mut lookups = Vec::new();
        for number in 0..600 {
            let name = format!("hanging{number}.example");
            let (resolver, share) = (&resolver, &hanging);
            let mut lookup = Box::pin(async move { resolver.lookup(&name, 7, share).await });
            assert!(lookup.as_mut().now_or_never().is_none());
            lookups.push(lookup);
        }
        assert_eq!(hanging.0.available_permits(), 0);
        let left = MAX_LOOKUPS_IN_TOTAL - MAX_LOOKUPS;
        assert_eq!(resolver.all.available_permits(), left);
        let other = Share::default();
        let other = resolver.lookup("other.example", 7, &other);
        assert_eq!(other.await.unwrap(), [([10, 0, 0, 1], 7).into()]);
        let own = resolver.lookup("127.0.0.1", 7, &hanging);
        assert_eq!(own.await.unwrap(), [([127, 0, 0, 1], 7).into()]);
        // The threads keep running.
        drop(lookups);
        assert_eq!(hanging.0.available_permits(), 0);
    }

    /// A lookup's permits are released when it ends, even if it was dropped.
    #[tokio::test]
    async fn permits_are_released() {
        let resolver = Resolver::new(hang);
        let share = Share::default();
        for _ in 0..3 * MAX_LOOKUPS {
            let _ = resolver.lookup("quick.example", 7, &share).now_or_never();
        }
        let last = resolver.lookup("quick.example", 7, &share).await;
        assert!(last.is_ok());
        while share.0.available_permits() < MAX_LOOKUPS {
            tokio::task::yield_now().await;
        }
    }

    /// A host that stops does not wait for lookups.
    #[test]
    fn stopping_host_does_not_wait_for_lookups() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let resolver = Resolver::new(hang);
        let share = Share::default();
        runtime.block_on(async {
            let lookup = resolver.lookup("hanging.example", 7, &share);
            assert!(lookup.now_or_never().is_none());
        });
        let started = Instant::now();
        drop(runtime);
        assert!(started.elapsed() < Duration::from_secs(60));
    }
}
