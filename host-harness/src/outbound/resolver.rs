//! Names to addresses, as the system does it: `getaddrinfo`, and so `/etc/hosts`, search domains and all
//! else that the machine is set up for.
//!
//! `getaddrinfo` blocks, for half a minute where a name server does not answer. So each look-up has a
//! thread of its own, of which every function has a share: one whose look-ups hang holds up its own.
//! Nobody waits for such a thread: neither who has given up, nor a host that stops.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, oneshot};

/// How many look-ups one function may have under way at once; more wait. Counted until `getaddrinfo`
/// returns, whether or not anybody still wants to know.
const MAX_LOOK_UPS: usize = 32;

/// How many all functions together may.
const MAX_LOOK_UPS_IN_ALL: usize = 1024;

/// Address space, of which little is used.
const STACK: usize = 512 * 1024;

/// How a name is looked up, on a thread that may block.
type LookUp = fn(&str, u16) -> io::Result<Vec<SocketAddr>>;

/// Looks names up, for all functions.
#[derive(Debug)]
pub(super) struct Resolver {
    look_up: LookUp,
    all: Arc<Semaphore>,
}

/// A function's share of the look-ups.
#[derive(Debug, Clone)]
pub(super) struct Share(Arc<Semaphore>);

impl Default for Share {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_LOOK_UPS)))
    }
}

impl Resolver {
    pub(super) fn of_system() -> Self {
        Self::new(|name, port| Ok((name, port).to_socket_addrs()?.collect()))
    }

    fn new(look_up: LookUp) -> Self {
        Self {
            look_up,
            all: Arc::new(Semaphore::new(MAX_LOOK_UPS_IN_ALL)),
        }
    }

    /// The addresses of a name; an address is its own.
    pub(super) async fn look_up(
        &self,
        name: &str,
        port: u16,
        share: &Share,
    ) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = name.parse::<IpAddr>() {
            return Ok(vec![(address, port).into()]);
        }
        // Its own first: who waits for that has none of what is for all.
        let permits = [permit(&share.0).await?, permit(&self.all).await?];
        let (sender, found) = oneshot::channel();
        let (look_up, name) = (self.look_up, name.to_owned());
        let thread = std::thread::Builder::new()
            .name("look-up".into())
            .stack_size(STACK);
        thread.spawn(move || {
            // Nobody may want to know any more.
            let _ = sender.send(look_up(&name, port));
            drop(permits);
        })?;
        found.await.map_err(io::Error::other)?
    }
}

/// Waits for one of those that a semaphore has, which is never closed.
async fn permit(of: &Arc<Semaphore>) -> io::Result<OwnedSemaphorePermit> {
    let permit = Arc::clone(of).acquire_owned().await;
    permit.map_err(|closed: AcquireError| io::Error::other(closed))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use futures_util::FutureExt as _;

    use super::*;

    /// As a name server does that does not answer: longer than any test takes.
    fn hang(name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        if name.starts_with("hanging") {
            std::thread::sleep(Duration::from_secs(3600));
        }
        Ok(vec![([10, 0, 0, 1], port).into()])
    }

    /// The system's names, addresses, and what there is not.
    #[tokio::test]
    async fn names_are_looked_up_as_the_system_does_it() {
        let resolver = Resolver::of_system();
        for (name, expected) in [
            ("127.0.0.1", "127.0.0.1:7"),
            ("::1", "[::1]:7"),
            ("localhost", "127.0.0.1:7"),
            ("LocalHost", "127.0.0.1:7"),
        ] {
            let found = resolver.look_up(name, 7, &Share::default()).await.unwrap();
            assert!(found.contains(&expected.parse().unwrap()), "{name}");
        }
        let long = "x".repeat(64);
        for name in ["", &long] {
            let found = resolver.look_up(name, 7, &Share::default()).await;
            assert!(
                !found.is_ok_and(|found| !found.is_empty() && name == long),
                "{name}"
            );
        }
    }

    /// A function whose look-ups never end holds up neither those of others nor its own addresses, and has
    /// no more threads than its share.
    #[tokio::test]
    async fn shares_are_apart() {
        let resolver = Resolver::new(hang);
        let hanging = Share::default();
        let mut look_ups = Vec::new();
        for number in 0..600 {
            let name = format!("hanging{number}.example");
            let (resolver, share) = (&resolver, &hanging);
            let mut look_up = Box::pin(async move { resolver.look_up(&name, 7, share).await });
            assert!(look_up.as_mut().now_or_never().is_none());
            look_ups.push(look_up);
        }
        assert_eq!(hanging.0.available_permits(), 0);
        let left = MAX_LOOK_UPS_IN_ALL - MAX_LOOK_UPS;
        assert_eq!(resolver.all.available_permits(), left);
        let other = Share::default();
        let other = resolver.look_up("other.example", 7, &other);
        assert_eq!(other.await.unwrap(), [([10, 0, 0, 1], 7).into()]);
        let own = resolver.look_up("127.0.0.1", 7, &hanging);
        assert_eq!(own.await.unwrap(), [([127, 0, 0, 1], 7).into()]);
        // The threads are there for as long as it takes.
        drop(look_ups);
        assert_eq!(hanging.0.available_permits(), 0);
    }

    /// What a look-up counted as is free once it has ended, also where nobody waited.
    #[tokio::test]
    async fn shares_come_back() {
        let resolver = Resolver::new(hang);
        let share = Share::default();
        for _ in 0..3 * MAX_LOOK_UPS {
            let _ = resolver.look_up("quick.example", 7, &share).now_or_never();
        }
        let last = resolver.look_up("quick.example", 7, &share).await;
        assert!(last.is_ok());
        while share.0.available_permits() < MAX_LOOK_UPS {
            tokio::task::yield_now().await;
        }
    }

    /// Nothing is waited for when the host stops.
    #[test]
    fn stopping_does_not_wait() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let resolver = Resolver::new(hang);
        let share = Share::default();
        runtime.block_on(async {
            let look_up = resolver.look_up("hanging.example", 7, &share);
            assert!(look_up.now_or_never().is_none());
        });
        let started = Instant::now();
        drop(runtime);
        assert!(started.elapsed() < Duration::from_secs(60));
    }
}
