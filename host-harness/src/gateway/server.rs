use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio_io_timeout::TimeoutStream;

use super::Gateway;

/// How long a client may take to send a request's headers.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

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

    /// Takes no more requests, and waits for those that are running, for at most `grace`.
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
    let graceful = GracefulShutdown::new();
    let mut connections = tokio::task::JoinSet::new();
    // Dropped when the server stops.
    let (running, stopping) = watch::channel(());
    let grace = loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(serve(Arc::clone(&gateway), stream, peer, graceful.watcher(), stopping.clone()));
                }
                Err(error) => {
                    tracing::warn!("cannot accept a connection: {error}");
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
    tokio::time::timeout(grace, graceful.shutdown())
        .await
        .is_ok()
}

/// Serves one connection, HTTP/1 or HTTP/2, until its end.
async fn serve(
    gateway: Arc<Gateway>,
    stream: TcpStream,
    peer: SocketAddr,
    watcher: Watcher,
    mut running: watch::Receiver<()>,
) {
    // Responses are written whole: nothing is gained by holding back small ones.
    let _ = stream.set_nodelay(true);
    // hyper's own time for a request's headers begins with their first byte. Nothing is lost with a
    // connection on which there is none when the server stops.
    let first_byte = tokio::select! {
        first_byte = tokio::time::timeout(HEADER_TIMEOUT, stream.readable()) => first_byte,
        _ = running.changed() => return,
    };
    if !matches!(first_byte, Ok(Ok(()))) {
        return;
    }
    let client_timeout = gateway.engine.client_timeout();
    let service = service_fn(move |request| {
        let gateway = Arc::clone(&gateway);
        async move { Ok::<_, Infallible>(gateway.receive(request, Some(peer)).await) }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT);
    builder.http2().timer(TokioTimer::new());
    // A client that takes nothing is not waited for: hyper itself would, for ever.
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(client_timeout));
    let connection = builder.serve_connection(TokioIo::new(Box::pin(stream)), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%peer, "connection ended: {error}");
    }
}
