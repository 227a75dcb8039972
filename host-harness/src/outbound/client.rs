//! A function's HTTP client, which pools connections.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::config::{MAX_HEAD, OutboundConfig, OutboundPermit};
use super::connect::{Connector, Tcp};
use super::egress::Egress;
use super::error::Failed;
use super::history::History;
use super::resolver::Share;
use crate::message::body::Body;
use crate::message::headers::MAX_HEADERS;

/// How many idle connections to one server are kept.
const MAX_IDLE: usize = 32;

/// How long an idle connection is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// How long an HTTP/2 connection with requests in flight may be silent before it is pinged, and how
/// long the ping may take.
///
/// After that, all its requests fail and the next one gets a new connection. Without it, a connection
/// that died silently would take every request for a long time.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// A function's HTTP client. Its connections are not shared with other functions.
pub(crate) struct HttpClient {
    network: Arc<OutboundConfig>,
    /// The function's own rules, besides those of all functions.
    egress: Option<Arc<Egress>>,
    /// Created on first use: most functions send no requests.
    clients: OnceLock<Result<Clients, rustls::Error>>,
}

struct Clients {
    pooled: Client<Connector, Body>,
    /// Opens a connection for each request.
    unpooled: Client<Connector, Body>,
}

impl HttpClient {
    pub(crate) fn new(network: Arc<OutboundConfig>, egress: Option<Arc<Egress>>) -> Self {
        Self {
            network,
            egress,
            clients: OnceLock::new(),
        }
    }

    /// Waits for a permit to send a request. It is held until the last byte of the response.
    pub(super) async fn acquire(&self) -> Result<OutboundPermit, Failed> {
        self.network
            .acquire()
            .await
            .map_err(|_closed| Failed::Stopped)
    }

    /// Sends a request on an idle connection, or on a new one.
    pub(super) async fn request(
        &self,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, Failed> {
        let response = self.clients()?.pooled.request(request).await;
        let response = response.map_err(Failed::Request)?;
        History::answered(response.extensions());
        Ok(response)
    }

    /// Sends a request on a new connection.
    pub(super) async fn request_on_new_connection(
        &self,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, Failed> {
        let response = self.clients()?.unpooled.request(request).await;
        response.map_err(Failed::Request)
    }

    /// The response of a test's server, if the request is for one that functions may reach.
    #[cfg(feature = "testing")]
    pub(super) async fn fake(
        &self,
        request: &mut super::Outgoing,
    ) -> Result<Option<Response<Body>>, super::Error> {
        let (host, port) = request.server();
        let Some(fake) = self.network.fakes.server(host, port).cloned() else {
            return Ok(None);
        };
        let own = self.egress.as_deref();
        for egress in std::iter::once(&self.network.egress).chain(own) {
            let permit = egress.permit(host, port);
            permit.map_err(|denied| super::Error::NotAllowed(denied.to_string()))?;
        }
        Ok(Some(fake(request.next()?).await))
    }

    fn clients(&self) -> Result<&Clients, Failed> {
        let clients = || Clients::new(&self.network, self.egress.as_ref());
        let clients = self.clients.get_or_init(clients);
        clients.as_ref().map_err(|error| Failed::Tls(error.clone()))
    }
}

impl Clients {
    fn new(
        network: &Arc<OutboundConfig>,
        egress: Option<&Arc<Egress>>,
    ) -> Result<Self, rustls::Error> {
        let tcp = Tcp::new(Arc::clone(network), egress.cloned(), Share::default());
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(network.tls_roots.client()?)
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(tcp);
        let connector = Connector::new(connector);
        Ok(Self {
            pooled: client(connector.clone(), MAX_IDLE),
            unpooled: client(connector, 0),
        })
    }
}

fn client(connector: Connector, max_idle: usize) -> Client<Connector, Body> {
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(max_idle)
        .http1_max_headers(MAX_HEADERS)
        .http2_max_header_list_size(MAX_HEAD)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .http2_keep_alive_timeout(KEEP_ALIVE)
        .build(connector)
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::PrivateKeyDer;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// HTTP/2's SETTINGS frame, empty.
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];

    /// A server that completes HTTP/2's handshake and then falls silent, and a client for it.
    async fn silent_server() -> (std::net::SocketAddr, HttpClient, Arc<tokio::sync::Notify>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, certified.cert.pem()).unwrap();
        let egress = Egress::new(&["localhost".to_owned()]).unwrap();
        let names = [("localhost".to_owned(), address)];
        let network = OutboundConfig::new(egress, &[file.path().to_owned()], &names, 1).unwrap();

        let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], key)
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let asked = Arc::new(tokio::sync::Notify::new());
        let heard = Arc::clone(&asked);
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = acceptor.accept(stream).await.unwrap();
            let mut preface = [0; 24];
            stream.read_exact(&mut preface).await.unwrap();
            stream.write_all(&SETTINGS).await.unwrap();
            loop {
                let mut head = [0; 9];
                stream.read_exact(&mut head).await.unwrap();
                let [_, high, low, kind, ..] = head;
                let mut rest = vec![0; usize::from(u16::from_be_bytes([high, low]))];
                stream.read_exact(&mut rest).await.unwrap();
                // HEADERS: a request.
                if kind == 1 {
                    heard.notify_one();
                    std::future::pending::<()>().await;
                }
            }
        });
        (address, HttpClient::new(Arc::new(network), None), asked)
    }

    /// A request on a connection that died silently fails after a while.
    #[tokio::test]
    async fn silent_connection_fails_its_requests() {
        let (address, outbound, asked) = silent_server().await;
        let request = Request::get(format!("https://localhost:{}/", address.port()));
        let request = request.body(Body::empty()).unwrap();
        let sending = tokio::spawn(async move { outbound.request(request).await.is_err() });
        asked.notified().await;
        tokio::time::pause();
        let failed = tokio::time::timeout(3 * KEEP_ALIVE, sending).await;
        assert!(failed.expect("the request did not fail in time").unwrap());
    }
}
