use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use super::Gateway;
use super::connection::serve;
use super::refused::Refused;

/// How long to wait after a connection could not be accepted, as when there are too many open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A host that is listening. Dropping it stops it at once; [`shutdown`](Server::shutdown) lets the
/// requests that are running end.
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

    /// Where it listens: with a port 0 asked for, the one that was free.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the server accepts no more connections although nobody told it to stop: only by a fault
    /// of the host's. Whoever embeds it may end the process, or start another server.
    pub async fn failed(&mut self) {
        if let Err(error) = (&mut self.accepting).await {
            tracing::error!("connections are no longer accepted: {error}");
        }
    }

    /// Takes no more requests, and waits for those that are running, for at most `grace`: until the
    /// last byte of what they send and receive. A request whose head has not arrived is not one.
    ///
    /// Returns whether all of them ended in time; those that did not are cut off.
    pub async fn shutdown(self, grace: Duration) -> bool {
        if self.stop.send(grace).is_err() {
            return false;
        }
        self.accepting.await.unwrap_or(false)
    }
}

/// Accepts until it is told to stop, then drains. A server that is dropped stops without draining.
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
                // Its client has left already: the next one need not wait.
                Err(error) if is_of_client(&error) => {
                    tracing::debug!("cannot accept a connection: {error}");
                }
                Err(error) => {
                    refused.warn(&error);
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            // Those that ended are forgotten as they end.
            Some(_) = connections.join_next() => {}
            grace = &mut stopped => break grace,
        }
    };
    drop(listener);
    drop(running);
    let Ok(grace) = grace else { return false };
    let drained = async { while connections.join_next().await.is_some() {} };
    tokio::time::timeout(grace, drained).await.is_ok()
}

fn is_of_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};

    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server whose accept loop ends says so, and can still be told to stop.
    #[tokio::test]
    async fn failed_server_is_noticed() {
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
