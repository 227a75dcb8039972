//! One connection, from its first byte to its end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::Watcher;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::Gateway;
use super::client::Client;
use super::sending::Sending;
use crate::interfaces::running::Requests;

/// How long a client may take to send a request's headers.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a connection lasts on which no request runs when the server stops. It is for what is on
/// its way at that moment: the rest of a head, or the client's part in HTTP/2's goodbye.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Serves one connection, HTTP/1 or HTTP/2, until its end. `running` is closed when the server stops.
pub(super) async fn serve(
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
    let requests = Arc::new(Requests::default());
    let client = Client::new(
        stream,
        gateway.engine.client_timeout(),
        Arc::clone(&requests),
    );
    let beginning = Arc::clone(&requests);
    let service = service_fn(move |request: Request<Incoming>| {
        let gateway = Arc::clone(&gateway);
        let running = beginning.begin();
        // One that has no body has nothing to receive, as most have not.
        let uploading = (!request.body().is_end_stream()).then(|| running.clone());
        let version = request.version();
        async move {
            let response = gateway.receive(request, Some(peer), uploading).await;
            Ok::<_, Infallible>(response.map(|body| Sending::new(body, running, version)))
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT);
    builder.http2().timer(TokioTimer::new());
    let connection = watcher.watch(builder.serve_connection(TokioIo::new(client), service));
    let idle = async {
        // Nothing is ever sent: this waits for the end.
        let _ = running.changed().await;
        requests.quiet(LAST_WORDS).await;
    };
    // hyper waits for a head that has begun, and for a client that does not take part in the goodbye.
    tokio::select! {
        // First, so that what it has is on its way before it is closed.
        biased;
        ended = connection => if let Err(error) = ended {
            tracing::debug!(%peer, "connection ended: {error}");
        },
        () = idle => tracing::debug!(%peer, "closed: nothing runs on it, and the server stops"),
    }
}
