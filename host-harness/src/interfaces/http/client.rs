//! A function's client: its connections, and how they are made.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::interfaces::body::Body;
use crate::interfaces::egress::{Denied, Egress};

/// How long it may take to find a server and to connect to it, TLS not included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How many connections to one server are kept that nothing uses.
const MAX_IDLE: usize = 32;

/// How long such a connection is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// A function's way to other servers. Its connections are kept, and no other function uses them.
pub(crate) struct Outbound {
    egress: Arc<Egress>,
    /// Made when it is first used: most functions call nobody.
    client: OnceLock<Result<Client<HttpsConnector<Tcp>, Body>, rustls::Error>>,
}

impl Outbound {
    pub(crate) fn new(egress: Arc<Egress>) -> Self {
        Self {
            egress,
            client: OnceLock::new(),
        }
    }

    pub(super) async fn request(
        &self,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, Failed> {
        let client = self.client.get_or_init(|| client(Arc::clone(&self.egress)));
        match client {
            Ok(client) => client.request(request).await.map_err(Failed::Request),
            Err(error) => Err(Failed::Tls(error.clone())),
        }
    }
}

/// Why there is no response.
pub(super) enum Failed {
    Request(Error),
    /// There is no client to send it with.
    Tls(rustls::Error),
}

fn client(egress: Arc<Egress>) -> Result<Client<HttpsConnector<Tcp>, Body>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_webpki_roots(provider)?
        .https_or_http()
        .enable_all_versions()
        .wrap_connector(Tcp { egress });
    Ok(Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(MAX_IDLE)
        .build(connector))
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("{host:?} has no address: {source}")]
    Dns { host: String, source: io::Error },
    #[error("cannot connect to {address}: {source}")]
    Refused {
        address: SocketAddr,
        source: io::Error,
    },
    #[error("this host has no local port left for a connection to {0}")]
    NoPort(SocketAddr),
    #[error("no connection within {CONNECT_TIMEOUT:?}")]
    Timeout,
}

/// Makes connections: every one that a function gets is made here, after a look at its address.
#[derive(Clone)]
pub(super) struct Tcp {
    egress: Arc<Egress>,
}

impl tower_service::Service<Uri> for Tcp {
    type Response = TokioIo<TcpStream>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let egress = Arc::clone(&self.egress);
        Box::pin(async move { connect(&egress, &server).await.map(TokioIo::new) })
    }
}

async fn connect(egress: &Egress, server: &Uri) -> Result<TcpStream, ConnectError> {
    let deadline = Instant::now() + CONNECT_TIMEOUT;
    let host = server.host().unwrap_or_default();
    let is_tls = server.scheme() == Some(&http::uri::Scheme::HTTPS);
    let port = server.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let permit = egress.permit(host, port)?;

    let mut failed = ConnectError::Timeout;
    let mut reachable = Vec::new();
    for address in resolve(host, port, deadline).await? {
        match egress.check(permit, host, port, address.ip()) {
            Ok(()) => reachable.push(address),
            Err(denied) => failed = denied.into(),
        }
    }
    let mut left = u32::try_from(reachable.len()).unwrap_or(u32::MAX);
    for address in reachable {
        // One that does not answer leaves time for those after it.
        let now = Instant::now();
        let until = now + deadline.saturating_duration_since(now) / left.max(1);
        left = left.saturating_sub(1);
        match timeout_at(until, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Requests are written whole: nothing is gained by holding back small ones.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) if error.kind() == io::ErrorKind::AddrNotAvailable => {
                failed = ConnectError::NoPort(address);
            }
            Ok(Err(source)) => failed = ConnectError::Refused { address, source },
            Err(_) => failed = ConnectError::Timeout,
        }
    }
    Err(failed)
}

async fn resolve(
    host: &str,
    port: u16,
    deadline: Instant,
) -> Result<Vec<SocketAddr>, ConnectError> {
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let dns = |source| ConnectError::Dns {
        host: host.to_owned(),
        source,
    };
    let found = timeout_at(deadline, tokio::net::lookup_host((name, port)))
        .await
        .map_err(|_| ConnectError::Timeout)?;
    let found: Vec<_> = found.map_err(dns)?.collect();
    if found.is_empty() {
        return Err(dns(io::ErrorKind::NotFound.into()));
    }
    Ok(found)
}
