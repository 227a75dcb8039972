//! Accepts the connections of an API.

use std::convert::Infallible;
use std::pin::pin;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::response::Response;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio_io_timeout::TimeoutStream;

use super::Connection;
use super::connection_slots::{ConnectionSlot, ConnectionSlots};
use super::idle::{ActiveRequests, IdleTimes};
use super::tracked_stream::TrackedStream;

/// How many connections are served at once. Beyond that, idle ones make room for others.
const MAX_CONNECTIONS: usize = 1024;

/// How long a request's head may take.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a connection may be open without a request.
const IDLE_TIMES: IdleTimes = IdleTimes {
    head: HEAD_TIMEOUT,
    idle: Duration::from_secs(75),
};

/// How long a client may read nothing of an answer.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(60);

/// How long to wait when no connection can be accepted, for example for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How often the log says so.
const TELL_PERIOD: Duration = Duration::from_secs(10);

/// What answers the requests of an API: its router, with layers around it. A layer of the router itself is one of each
/// of its routes, which are copied with their layers for each request.
pub(crate) trait Service:
    tower_service::Service<Request<Body>, Response = Response, Error = Infallible, Future: Send>
    + Clone
    + Send
    + 'static
{
}

impl<S> Service for S where
    S: tower_service::Service<Request<Body>, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + 'static
{
}

/// Serves an API until `shutdown` ends, and then the requests in flight, for as long as they take.
pub(crate) async fn serve(
    listener: TcpListener,
    service: impl Service,
    shutdown: impl Future<Output = ()>,
) -> std::io::Result<()> {
    serve_within(listener, service, shutdown, MAX_CONNECTIONS, IDLE_TIMES).await
}

async fn serve_within(
    listener: TcpListener,
    service: impl Service,
    shutdown: impl Future<Output = ()>,
    connections: usize,
    times: IdleTimes,
) -> std::io::Result<()> {
    let local = listener.local_addr()?;
    let slots = ConnectionSlots::new(connections);
    let graceful = GracefulShutdown::new();
    let mut builder = Builder::new(TokioExecutor::new());
    // Over HTTP/1, [`ActiveRequests`] alone limits how long a head takes: a timer of hyper's would be another for
    // each request.
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(HEAD_TIMEOUT);
    let mut shutdown = pin!(shutdown);
    let mut told: Option<Instant> = None;
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = accept(&listener, &slots) => accepted,
        };
        let (stream, peer, requests, slot) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                if told.is_none_or(|told| told.elapsed() >= TELL_PERIOD) {
                    tracing::warn!(%error, "connections of an API cannot be accepted");
                    told = Some(Instant::now());
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let connection = Connection {
            peer,
            // The listener's own address may stand for all.
            local: stream.local_addr().unwrap_or(local),
        };
        let service = service.clone();
        let working = requests.clone();
        let answer = service_fn(move |request: Request<Incoming>| {
            let version = request.version();
            let answering = answer(service.clone(), request, connection);
            working.clone().answer(version, answering)
        });
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(CLIENT_TIMEOUT));
        let stream = TrackedStream::new(stream, requests.clone());
        let served = builder
            .serve_connection(TokioIo::new(stream), answer)
            .into_owned();
        let served = graceful.watch(served);
        tokio::spawn(async move {
            let _slot = slot;
            tokio::select! {
                ended = served => if let Err(error) = ended {
                    tracing::debug!(error = &*error, "a connection of an API ended");
                },
                () = requests.idle(times) => tracing::debug!("an idle connection of an API is closed"),
            }
        });
    }
    drop(listener);
    slots.stop();
    graceful.shutdown().await;
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    slots: &ConnectionSlots,
) -> std::io::Result<(
    TcpStream,
    std::net::SocketAddr,
    ActiveRequests,
    ConnectionSlot,
)> {
    let (stream, peer) = listener.accept().await?;
    // Answers are small, and each is complete.
    let _ = stream.set_nodelay(true);
    let (requests, slot) = slots.acquire().await?;
    Ok((stream, peer, requests, slot))
}

async fn answer(
    mut service: impl Service,
    mut request: Request<Incoming>,
    connection: Connection,
) -> Result<Response, Infallible> {
    request.extensions_mut().insert(connection);
    service.call(request.map(Body::new)).await
}

#[cfg(test)]
mod tests;
