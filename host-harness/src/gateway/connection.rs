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
use super::idle::{Idle, IdleWatch};
use super::socket::Socket;
use super::tracked_body::TrackedBody;
use crate::message::active_requests::ActiveRequests;

/// How long a connection lasts that is to end, after the last request on it has. It is for what is on
/// its way at that moment: the rest of a head, or the client's part in HTTP/2's goodbye.
const DRAIN_IDLE: Duration = Duration::from_millis(500);

/// How long a request runs on whose client has closed its side, and whose body is not read to its end:
/// for a function that is about to read it.
const LEFT_GRACE: Duration = Duration::from_secs(1);

/// Serves one connection, HTTP/1 or HTTP/2, until its end. `running` is closed when the server stops.
pub(super) async fn serve(
    gateway: Arc<Gateway>,
    stream: TcpStream,
    peer: SocketAddr,
    mut running: watch::Receiver<()>,
) {
    // Responses are written whole: nothing is gained by holding back small ones.
    let _ = stream.set_nodelay(true);
    let socket = Socket::new(stream);
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
        let gateway = Arc::clone(&gateway);
        let version = request.version();
        // Most have none, and nothing to receive.
        let has_body = !request.body().is_end_stream();
        let running = received.receive(version, has_body);
        let uploading = has_body.then(|| running.uploading());
        let at_work = running.at_work();
        let socket = sending.clone();
        async move {
            let mut response = gateway.receive(request, Some(peer), uploading).await;
            drop(at_work);
            // hyper may learn too late that it is not to read on.
            if running.has_unread() {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(CONNECTION, close);
            }
            Ok::<_, Infallible>(
                response.map(|body| TrackedBody::new(body, running, version, &socket)),
            )
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // Time limits of heads are the idle watch's.
    builder.http1().header_read_timeout(None);
    builder.http2().timer(TokioTimer::new());
    let mut connection = pin!(builder.serve_connection(TokioIo::new(client), service));
    let mut leaving = pin!(leaving(&socket));
    // Asked only while a request waits for something: what waits for the socket costs a lock each time.
    let mut left = pin!(poll_fn(|cx| match requests.is_idle() {
        true => Poll::Pending,
        false => leaving.as_mut().poll(cx),
    }));
    let why = tokio::select! {
        // First, so that what it has is on its way before it is closed, and the others know of it.
        biased;
        ended = connection.as_mut() => return log(peer, ended),
        () = left.as_mut() => return log(peer, Err("the client has left")),
        ended = poll_fn(|cx| idle.poll(cx)) => match ended {
            Idle::NoRequest => "no request came in time",
            Idle::Stalled => return log(peer, Err("the client takes nothing")),
        },
        // Nothing is ever sent: this waits for the end.
        _ = running.changed() => "the server stops",
    };
    connection.as_mut().graceful_shutdown();
    // hyper waits for a head that has begun, and for a client that does not take part in the goodbye.
    tokio::select! {
        biased;
        ended = connection => log(peer, ended),
        () = left => log(peer, Err("the client has left")),
        () = requests.wait_idle(DRAIN_IDLE) => log(peer, Err(why)),
    }
}

/// Waits until the client has left, while something it sent is unread: part of a body, or what came behind
/// a request. hyper itself notices only behind the last byte.
async fn leaving(socket: &Socket) {
    socket.closed().await;
    tokio::time::sleep(LEFT_GRACE).await;
}

fn log(peer: SocketAddr, ended: Result<(), impl Display>) {
    if let Err(why) = ended {
        tracing::debug!(%peer, "connection ended: {why}");
    }
}
