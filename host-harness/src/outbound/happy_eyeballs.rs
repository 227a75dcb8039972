//! Connects to the first of several addresses that answers (RFC 8305).

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::net::TcpStream;

use super::connect_error::ConnectError;

/// How long an address may take to answer before the next one is tried in parallel.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Tries one address after the other, while earlier attempts continue. If all fail, returns the first
/// error.
pub(super) async fn connect(addresses: Vec<SocketAddr>) -> Result<TcpStream, ConnectError> {
    first(interleaved(addresses), attempt).await
}

async fn attempt(address: SocketAddr) -> Result<TcpStream, ConnectError> {
    let stream = TcpStream::connect(address).await;
    stream.map_err(|error| ConnectError::to(address, error))
}

/// Resolves to the first success of `attempt`.
async fn first<T, F>(
    addresses: Vec<SocketAddr>,
    attempt: impl Fn(SocketAddr) -> F,
) -> Result<T, ConnectError>
where
    F: Future<Output = Result<T, ConnectError>>,
{
    let mut left = addresses.into_iter();
    let mut attempts = FuturesUnordered::new();
    let mut failed = None;
    loop {
        attempts.extend(left.next().map(&attempt));
        tokio::select! {
            biased;
            Some(ended) = attempts.next() => match ended {
                Ok(connected) => return Ok(connected),
                Err(error) => { failed.get_or_insert(error); }
            },
            () = tokio::time::sleep(ATTEMPT_DELAY), if left.len() > 0 => {}
            else => return Err(failed.unwrap_or(ConnectError::Timeout)),
        }
    }
}

/// Alternates the address families, starting with that of the first address. If one family does not
/// work, as often IPv6, the other one is tried next.
fn interleaved(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let is_first_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, other): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv6() == is_first_v6);
    let longer = first.len().max(other.len());
    let (mut first, mut other) = (first.into_iter(), other.into_iter());
    (0..longer)
        .flat_map(|_| [first.next(), other.next()])
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use std::io;

    use tokio::time::Instant;

    use super::*;

    fn addresses(all: &[&str]) -> Vec<SocketAddr> {
        all.iter().map(|address| address.parse().unwrap()).collect()
    }

    /// Dead addresses take 250 ms each, those that refuse none, and a slow one can still win.
    #[tokio::test(start_paused = true)]
    async fn attempts_overlap() {
        // By port: 1 refuses at once, 2 never answers, others connect after that many milliseconds.
        let attempt = async |address: SocketAddr| match address.port() {
            1 => Err(ConnectError::to(
                address,
                io::ErrorKind::ConnectionRefused.into(),
            )),
            2 => std::future::pending().await,
            port => {
                tokio::time::sleep(Duration::from_millis(port.into())).await;
                Ok(port)
            }
        };
        for (ports, expected, milliseconds) in [
            (&[10][..], Some(10), 10),
            (&[2, 10], Some(10), 260),
            (&[2, 2, 10], Some(10), 510),
            (&[1, 1, 1, 10], Some(10), 10),
            (&[2, 1, 10], Some(10), 260),
            (&[300, 2, 2], Some(300), 300),
            (&[300, 10], Some(10), 260),
            (&[1, 1], None, 0),
            (&[], None, 0),
        ] {
            let all = ports
                .iter()
                .map(|port| SocketAddr::from(([1, 1, 1, 1], *port)));
            let started = Instant::now();
            let connected = first(all.collect(), attempt).await;
            assert_eq!(connected.ok(), expected, "{ports:?}");
            assert_eq!(started.elapsed().as_millis(), milliseconds, "{ports:?}");
        }
    }

    /// Address families alternate, and keep their own order.
    #[test]
    fn address_families_alternate() {
        let mixed = ["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "1.1.1.2:1"];
        let expected = ["[::1]:1", "1.1.1.1:1", "[::2]:1", "1.1.1.2:1", "[::3]:1"];
        assert_eq!(interleaved(addresses(&mixed)), addresses(&expected));
        let one = ["1.1.1.1:1", "1.1.1.2:1"];
        assert_eq!(interleaved(addresses(&one)), addresses(&one));
        assert!(interleaved(Vec::new()).is_empty());
    }

    /// A server that listens is connected to, after one that refuses.
    #[tokio::test]
    async fn listening_server_is_connected_to() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let listening = listener.local_addr().unwrap();
        let bound = tokio::net::TcpSocket::new_v4().unwrap();
        bound.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let refusing = bound.local_addr().unwrap();
        let stream = connect(vec![refusing, listening]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), listening);
        let refused = connect(vec![refusing, refusing]).await.unwrap_err();
        assert!(refused.to_string().contains(&refusing.to_string()));
    }
}
