//! One connection, from its first byte to its end.

use std::convert::Infallible;
use std::fmt::Display;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::header::CONNECTION;
use http::{HeaderValue, Request};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::Gateway;
use super::client_stream::ClientStream;
use super::connection_task::ConnectionTask;
use super::idle::{Idle, IdleWatch};
use super::socket::Socket;
use super::tracked_body::TrackedBody;
use crate::message::active_requests::ActiveRequests;

/// How long a draining connection stays open after its last request. That is time for the rest of a
/// request head, or for the client's part in HTTP/2's GOAWAY.
pub(super) const DRAIN_IDLE: Duration = Duration::from_millis(500);

/// How long a request continues after its client has closed its side with unread bytes. The function
/// may be about to read them.
const LEFT_GRACE: Duration = Duration::from_secs(1);

/// Serves one connection, HTTP/1 or HTTP/2, until its end. `running` closes when the server stops.
pub(super) fn serve(
    gateway: Arc<Gateway>,
    stream: TcpStream,
    peer: SocketAddr,
    running: watch::Receiver<()>,
) -> impl Future<Output = ()> + Send + 'static {
    // Responses are written in few large pieces: Nagle's algorithm would only delay them.
    let _ = stream.set_nodelay(true);
    let socket = Socket::new(stream);
    ConnectionTask::new(socket.clone(), connection(gateway, socket, peer, running))
}

async fn connection(
    gateway: Arc<Gateway>,
    socket: Socket,
    peer: SocketAddr,
    mut running: watch::Receiver<()>,
) {
    let requests = Arc::new(ActiveRequests::default());
    let client = ClientStream::new(
        socket.clone(),
        gateway.engine.client_timeout(),
        Arc::clone(&requests),
    );
    let mut idle = IdleWatch::new(Arc::clone(&requests), gateway.engine.idle_timeouts());
    let received = Arc::clone(&requests);
    let sending = socket.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let version = request.version();
        // Most requests have no body to receive.
        let has_body = !request.body().is_end_stream();
        let running = received.receive(version, has_body);
        let uploading = has_body.then(|| running.uploading());
        let at_work = running.at_work();
        let socket = sending.clone();
        let mut responding = gateway.receive(request, peer, uploading);
        let counters = responding.counters.take();
        let gateway = Arc::clone(&gateway);
        async move {
            let mut response = gateway.finish(&mut responding).await;
            drop(at_work);
            // hyper may learn too late that it must not read on, and promises a client of HTTP/1.0 to keep a
            // connection whose end ends the response.
            let is_last =
                running.has_unread() || TrackedBody::ends_with_connection(version, response.body());
            if is_last {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(CONNECTION, close);
                // To a response of HTTP/1.1 it adds "keep-alive" for such a client.
                *response.version_mut() = version;
            }
            Ok::<_, Infallible>(
                response.map(|body| TrackedBody::new(body, running, counters, version, &socket)),
            )
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // The idle watch limits the time of heads.
    builder.http1().header_read_timeout(None);
    builder.http2().timer(TokioTimer::new());
    let mut connection = pin!(builder.serve_connection(TokioIo::new(client), service));
    let mut leaving = pin!(leaving(&socket));
    // Polled only while a request is in flight: watching the socket takes a lock each time.
    let mut left = pin!(poll_fn(|cx| match requests.is_idle() {
        true => Poll::Pending,
        false => leaving.as_mut().poll(cx),
    }));
    let why = tokio::select! {
        // The connection first: what it can write is written before it is closed, and it updates `requests`.
        biased;
        ended = connection.as_mut() => return log(peer, ended),
        () = left.as_mut() => return log(peer, Err("the client has left")),
        ended = poll_fn(|cx| idle.poll(cx)) => match ended {
            Idle::NoRequest => "no request came in time",
            Idle::Stalled => return log(peer, Err("the client takes nothing")),
        },
        // The channel carries no value: this resolves when the sender is dropped.
        _ = running.changed() => "the server stops",
    };
    connection.as_mut().graceful_shutdown();
    // hyper waits for the rest of a head, and for clients that do not answer GOAWAY.
    tokio::select! {
        biased;
        ended = connection => log(peer, ended),
        () = left => log(peer, Err("the client has left")),
        () = requests.wait_idle(DRAIN_IDLE) => log(peer, Err(why)),
    }
}

/// Waits until the client has left with bytes of it unread: part of a body, or a pipelined request.
/// hyper itself notices only after the last byte.
async fn leaving(socket: &Socket) {
    socket.closed().await;
    tokio::time::sleep(LEFT_GRACE).await;
}

fn log(peer: SocketAddr, ended: Result<(), impl Display>) {
    if let Err(why) = ended {
        tracing::debug!(%peer, "connection ended: {why}");
    }
}
