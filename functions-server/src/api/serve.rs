//! Accepts the connections of an API.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower_service::Service as _;

use super::Connection;

/// How many connections are served at once. Further ones wait.
const MAX_CONNECTIONS: usize = 1024;

/// How long a request's head may take.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// How long requests in flight may take when the server stops.
const GRACE: Duration = Duration::from_secs(30);

/// How long to wait when no connection can be accepted, for example for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves an API until `shutdown` ends, and then the requests in flight.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let local = listener.local_addr()?;
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(HEAD_TIMEOUT);
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = accept(&listener, &permits) => accepted,
        };
        let (stream, peer, permit) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection of an API cannot be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let connection = Connection {
            peer,
            // The listener's own address may stand for all.
            local: stream.local_addr().unwrap_or(local),
        };
        let router = router.clone();
        let answer = service_fn(move |request| answer(router.clone(), request, connection));
        let served = builder
            .serve_connection(TokioIo::new(stream), answer)
            .into_owned();
        let served = graceful.watch(served);
        tokio::spawn(async move {
            let _permit = permit;
            if let Err(error) = served.await {
                tracing::debug!(error = &*error, "a connection of an API ended");
            }
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> std::io::Result<(
    TcpStream,
    std::net::SocketAddr,
    tokio::sync::OwnedSemaphorePermit,
)> {
    let permit = permits
        .clone()
        .acquire_owned()
        .await
        .map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    // Answers are small, and each is complete.
    let _ = stream.set_nodelay(true);
    Ok((stream, peer, permit))
}

async fn answer(
    mut router: Router,
    mut request: Request<Incoming>,
    connection: Connection,
) -> Result<http::Response<Body>, Infallible> {
    request.extensions_mut().insert(connection);
    router.call(request).await
}
