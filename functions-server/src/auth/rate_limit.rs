//! Limits how often a client may present invalid tokens. A valid token is never looked up here.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many failures a client may have at once.
const BURST: u32 = 10;

/// How long it takes until a client may fail once more.
const REFILL: Duration = Duration::from_secs(1);

/// How many clients are told apart. Beyond it, those that have not failed recently are forgotten, and if
/// there are none, the others share one limit.
const MAX_CLIENTS: usize = 4096;

/// Counts failures by client.
#[derive(Debug, Default)]
pub(crate) struct FailureLimit {
    /// When each client's failures will be forgotten.
    clients: Mutex<HashMap<Option<IpAddr>, Instant>>,
}

impl FailureLimit {
    /// Counts a failure; returns how long the client has to wait if it had too many.
    pub(crate) fn record(&self, client: Option<IpAddr>) -> Result<(), Duration> {
        self.record_at(client, Instant::now())
    }

    fn record_at(&self, client: Option<IpAddr>, now: Instant) -> Result<(), Duration> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= MAX_CLIENTS {
            clients.retain(|_, forgotten| *forgotten > now);
        }
        let client = client.map(network);
        let is_crowded = clients.len() >= MAX_CLIENTS && !clients.contains_key(&client);
        let key = if is_crowded { None } else { client };
        let forgotten = clients.entry(key).or_insert(now);
        let next = (*forgotten).max(now) + REFILL;
        let latest = now + BURST * REFILL;
        if next > latest {
            return Err(next - latest);
        }
        *forgotten = next;
        Ok(())
    }
}

/// A client has all of an IPv6 network of 64 bits.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    /// A client may fail `BURST` times at once, then once for each `REFILL`; others are not affected.
    #[test]
    fn failures_are_limited_by_client() {
        let (limit, now) = (FailureLimit::default(), Instant::now());
        for _ in 0..BURST {
            limit.record_at(address(1), now).unwrap();
        }
        assert_eq!(limit.record_at(address(1), now), Err(REFILL));
        limit.record_at(address(2), now).unwrap();
        limit.record_at(address(1), now + REFILL).unwrap();
        assert!(limit.record_at(address(1), now + REFILL).is_err());
        limit.record_at(address(1), now + 100 * REFILL).unwrap();
    }

    /// Clients beyond the limit are not remembered one by one.
    #[test]
    fn clients_are_bounded() {
        let (limit, now) = (FailureLimit::default(), Instant::now());
        for client in 0..2 * u32::try_from(MAX_CLIENTS).unwrap() {
            let _ = limit.record_at(Some(IpAddr::from(client.to_be_bytes())), now);
        }
        assert!(limit.clients.lock().unwrap().len() <= MAX_CLIENTS + 1);
        let later = now + 2 * BURST * REFILL;
        limit.record_at(address(1), later).unwrap();
        assert_eq!(limit.clients.lock().unwrap().len(), 1);
    }

    /// A client that is remembered keeps its own limit beyond that number of clients, whichever of its
    /// addresses it comes from.
    #[test]
    fn remembered_clients_keep_their_limit() {
        let (limit, now) = (FailureLimit::default(), Instant::now());
        let parse = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        let known = ["2001:db8::1", "::ffff:192.0.2.1"].map(parse);
        for client in known {
            while limit.record_at(client, now).is_ok() {}
        }
        for client in 0..u32::try_from(MAX_CLIENTS).unwrap() {
            let _ = limit.record_at(Some(IpAddr::from(client.to_be_bytes())), now);
        }
        for client in [parse("2001:db8::2"), parse("192.0.2.1"), known[1]] {
            assert!(limit.record_at(client, now).is_err(), "{client:?}");
        }
    }

    /// Addresses of one IPv6 network count as one client.
    #[test]
    fn ipv6_networks_are_clients() {
        let network = |text: &str| super::network(text.parse().unwrap());
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
    }
}
