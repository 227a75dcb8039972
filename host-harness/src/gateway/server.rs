use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use super::Gateway;
use super::connection::{DRAIN_IDLE, serve};
use super::refused::Refused;

/// How long to wait after a failed accept, for example when too many files are open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A host that is listening.
///
/// Dropping the server stops it at once. [`shutdown`](Server::shutdown) lets requests in flight finish.
#[derive(Debug)]
#[must_use = "dropping a server stops it"]
pub struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<Duration>,
    accepting: JoinHandle<bool>,
}

impl Server {
    pub(crate) async fn start(
        gateway: &Gateway,
        address: impl tokio::net::ToSocketAddrs,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let gateway = Arc::new(gateway.listening(address));
        let (stop, stopped) = oneshot::channel();
        let accepting = tokio::spawn(accept(gateway, listener, stopped));
        Ok(Self {
            address,
            stop,
            accepting,
        })
    }

    /// The address that the server listens on, with the port it got if port 0 was asked for.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the server stops accepting connections without being told to.
    ///
    /// Only a bug of the host does that. An embedder may end the process or start another server.
    pub async fn failed(&mut self) {
        if let Err(error) = (&mut self.accepting).await {
            tracing::error!("connections are no longer accepted: {error}");
        }
    }

    /// Stops accepting requests, and waits at most `grace` for those in flight.
    ///
    /// A request is in flight until its last byte is sent or received. A request whose head has not
    /// arrived in full does not count.
    ///
    /// Returns whether all requests finished in time; the rest are cut off.
    pub async fn shutdown(self, grace: Duration) -> bool {
        if self.stop.send(grace).is_err() {
            return false;
        }
        self.accepting.await.unwrap_or(false)
    }
}

/// Accepts until told to stop, then drains. A dropped server stops without draining.
async fn accept(
    gateway: Arc<Gateway>,
    listener: TcpListener,
    mut stopped: oneshot::Receiver<Duration>,
) -> bool {
    let mut connections = tokio::task::JoinSet::new();
    // Dropped when the server stops.
    let (running, stopping) = watch::channel(());
    let mut refused = Refused::default();
    let grace = loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(serve(Arc::clone(&gateway), stream, peer, stopping.clone()));
                }
                // This client has left already: the next one need not wait.
                Err(error) if is_caused_by_client(&error) => {
                    tracing::debug!("cannot accept a connection: {error}");
                }
                Err(error) => {
                    refused.warn(&error);
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            // Reaps connections that have ended.
            Some(_) = connections.join_next() => {}
            grace = &mut stopped => break grace,
        }
    };
    for (stream, peer) in connected(listener) {
        let (gateway, stopping) = (Arc::clone(&gateway), stopping.clone());
        connections.spawn(async move {
            // A connection of a server that stops is closed unless its request can be read at once.
            let _ = tokio::time::timeout(DRAIN_IDLE, stream.readable()).await;
            serve(gateway, stream, peer, stopping).await;
        });
    }
    drop(running);
    let Ok(grace) = grace else { return false };
    let drained = async { while connections.join_next().await.is_some() {} };
    tokio::time::timeout(grace, drained).await.is_ok()
}

/// The connections that nobody has accepted yet. Closing the listener would reset them.
fn connected(listener: TcpListener) -> impl Iterator<Item = (TcpStream, SocketAddr)> {
    // tokio may not know of them yet. The listener still does not block.
    let listener = listener.into_std().ok();
    std::iter::from_fn(move || {
        let (stream, peer) = listener.as_ref()?.accept().ok()?;
        stream.set_nonblocking(true).ok()?;
        Some((TcpStream::from_std(stream).ok()?, peer))
    })
}

fn is_caused_by_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};

    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server whose accept loop ends reports it, and can still be told to stop.
    #[tokio::test]
    async fn failed_accept_loop_is_reported() {
        let (stop, stopped) = oneshot::channel();
        let mut server = Server {
            address: ([127, 0, 0, 1], 0).into(),
            stop,
            accepting: tokio::spawn(async move {
                let _stopped = stopped;
                panic!("on purpose")
            }),
        };
        server.failed().await;
        assert!(!server.shutdown(Duration::from_secs(60)).await);
    }
}
