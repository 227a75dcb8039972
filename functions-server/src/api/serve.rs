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
use super::idle::{IdleTimes, Work};
use super::places::{Place, Places};
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
    let places = Places::new(connections);
    let graceful = GracefulShutdown::new();
    let mut builder = Builder::new(TokioExecutor::new());
    // Over HTTP/1, [`Work`] alone limits how long a head takes: a timer of hyper's would be another for each request.
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
            accepted = accept(&listener, &places) => accepted,
        };
        let (stream, peer, work, place) = match accepted {
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
        let working = work.clone();
        let answer = service_fn(move |request: Request<Incoming>| {
            let version = request.version();
            let answering = answer(service.clone(), request, connection);
            working.clone().answer(version, answering)
        });
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(CLIENT_TIMEOUT));
        let stream = TrackedStream::new(stream, work.clone());
        let served = builder
            .serve_connection(TokioIo::new(stream), answer)
            .into_owned();
        let served = graceful.watch(served);
        tokio::spawn(async move {
            let _place = place;
            tokio::select! {
                ended = served => if let Err(error) = ended {
                    tracing::debug!(error = &*error, "a connection of an API ended");
                },
                () = work.idle(times) => tracing::debug!("an idle connection of an API is closed"),
            }
        });
    }
    drop(listener);
    graceful.shutdown().await;
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    places: &Places,
) -> std::io::Result<(TcpStream, std::net::SocketAddr, Work, Place)> {
    let (stream, peer) = listener.accept().await?;
    // Answers are small, and each is complete.
    let _ = stream.set_nodelay(true);
    let (work, place) = places.take().await?;
    Ok((stream, peer, work, place))
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
mod tests {
    use axum::Router;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// A connection whose first request is answered.
    async fn answered(address: std::net::SocketAddr) -> TcpStream {
        let mut client = TcpStream::connect(address).await.unwrap();
        let request = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
        client.write_all(request).await.unwrap();
        let mut answer = [0; 12];
        let answered =
            tokio::time::timeout(Duration::from_secs(20), client.read_exact(&mut answer));
        answered.await.unwrap().unwrap();
        assert_eq!(&answer, b"HTTP/1.1 404");
        client
    }

    /// Clients that take all connections and send nothing keep nobody out, however long they may be silent.
    #[tokio::test(flavor = "multi_thread")]
    async fn silent_clients_make_room() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let never = std::future::pending();
        tokio::spawn(serve_within(listener, Router::new(), never, 10, IDLE_TIMES));
        let mut silent = Vec::new();
        for _ in 0..100 {
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(b"GET / HTTP/1.1\r\nhost:").await.unwrap();
            silent.push(client);
        }
        answered(address).await;
    }

    /// Connections that become idle make room for clients that wait already, and those have all their time then.
    #[tokio::test(flavor = "multi_thread")]
    async fn connections_make_room_once_they_are_idle() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (release, released) = tokio::sync::watch::channel(false);
        let held = move || {
            let mut released = released.clone();
            async move { drop(released.wait_for(|is| *is).await) }
        };
        let router = Router::new().route("/held", axum::routing::get(held));
        let times = IdleTimes {
            head: Duration::from_millis(300),
            idle: Duration::from_secs(600),
        };
        let never = std::future::pending();
        tokio::spawn(serve_within(listener, router, never, 10, times));
        let mut holding = Vec::new();
        for _ in 0..10 {
            let mut client = TcpStream::connect(address).await.unwrap();
            let request = b"GET /held HTTP/1.1\r\nhost: localhost\r\n\r\n";
            client.write_all(request).await.unwrap();
            holding.push(client);
        }
        // Each request that arrived has a receiver of its own.
        while release.receiver_count() <= holding.len() {
            tokio::task::yield_now().await;
        }
        let waiting = tokio::spawn(answered(address));
        // Longer than a head may take.
        tokio::time::sleep(2 * times.head).await;
        assert!(!waiting.is_finished());
        release.send_replace(true);
        waiting.await.unwrap();
    }

    /// A client that reads slowly gets its whole answer, however many others come.
    #[tokio::test(flavor = "multi_thread")]
    async fn slow_clients_get_whole_answers() {
        const LENGTH: usize = 64 << 20;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let large = || async { vec![7_u8; LENGTH] };
        let router = Router::new().route("/large", axum::routing::get(large));
        let times = IdleTimes {
            head: Duration::from_secs(600),
            idle: Duration::from_millis(200),
        };
        let never = std::future::pending();
        tokio::spawn(serve_within(listener, router, never, 3, times));
        let mut client = TcpStream::connect(address).await.unwrap();
        let request = b"GET /large HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        client.write_all(request).await.unwrap();
        client.readable().await.unwrap();
        for _ in 0..10 {
            answered(address).await;
            tokio::time::sleep(times.idle / 4).await;
        }
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        assert!(answer.len() > LENGTH, "{} bytes", answer.len());
    }

    /// Clients that send nothing, or no whole head, do not keep their connections, and so keep nobody out.
    #[tokio::test(flavor = "multi_thread")]
    async fn silent_clients_are_disconnected() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let times = IdleTimes {
            head: Duration::from_millis(300),
            idle: Duration::from_millis(300),
        };
        let never = std::future::pending();
        tokio::spawn(serve_within(listener, Router::new(), never, 30, times));
        let mut silent = Vec::new();
        for number in 0..30 {
            let mut client = TcpStream::connect(address).await.unwrap();
            let part = ["", "PRI * HTTP/2.0\r\n", "GET / HTTP/1.1\r\nhost:"][number % 3];
            client.write_all(part.as_bytes()).await.unwrap();
            silent.push(client);
        }
        let mut other = answered(address).await;
        // An idle connection is closed too.
        let mut rest = Vec::new();
        let rest = other.read_to_end(&mut rest);
        let closed = tokio::time::timeout(Duration::from_secs(20), rest);
        closed.await.unwrap().unwrap();
    }
}
