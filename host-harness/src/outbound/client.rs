//! A function's client, which keeps its connections.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::config::{OutboundConfig, OutboundPermit};
use super::connect::{Connector, Tcp};
use super::history::History;
use super::resolver::Share;
use crate::message::body::Body;
use crate::message::headers::MAX_HEADERS;

/// How many connections to one server are kept that nothing uses.
const MAX_IDLE: usize = 32;

/// How long such a connection is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a connection of HTTP/2 on which requests wait may be silent before it is asked for a sign
/// of life, and how long it has for that. Whatever is on it fails then, and the next request gets a
/// new one; otherwise one that has died without a word would take all requests for a long time.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// The longest head of a response, in bytes: what hyper takes over HTTP/1, and over HTTP/2 as well.
pub(super) const MAX_HEAD: u32 = 408 * 1024;

/// A function's way to other servers. Its connections are kept, and no other function uses them.
pub(crate) struct HttpClient {
    network: Arc<OutboundConfig>,
    /// Made when it is first used: most functions call nobody.
    clients: OnceLock<Result<Clients, rustls::Error>>,
}

struct Clients {
    keeping: Client<Connector, Body>,
    /// Makes a connection for each request.
    connecting: Client<Connector, Body>,
}

impl HttpClient {
    pub(crate) fn new(network: Arc<OutboundConfig>) -> Self {
        Self {
            network,
            clients: OnceLock::new(),
        }
    }

    /// Waits until a request may be sent. It has its turn until the last byte of its response.
    pub(super) async fn turn(&self) -> Result<OutboundPermit, Failed> {
        self.network.turn().await.map_err(|_closed| Failed::Stopped)
    }

    /// Sends a request on a kept connection, or a new one.
    pub(super) async fn request(
        &self,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, Failed> {
        let response = self.clients()?.keeping.request(request).await;
        let response = response.map_err(Failed::Request)?;
        History::answered(response.extensions());
        Ok(response)
    }

    /// Sends a request on a connection of its own.
    pub(super) async fn request_on_new_connection(
        &self,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, Failed> {
        let response = self.clients()?.connecting.request(request).await;
        response.map_err(Failed::Request)
    }

    fn clients(&self) -> Result<&Clients, Failed> {
        let clients = self.clients.get_or_init(|| Clients::new(&self.network));
        clients.as_ref().map_err(|error| Failed::Tls(error.clone()))
    }
}

/// Why there is no response.
pub(super) enum Failed {
    Request(Error),
    /// There is no client to send it with.
    Tls(rustls::Error),
    /// There will be no turn any more, which only a mistake of the host's can bring about.
    Stopped,
}

impl Clients {
    fn new(network: &Arc<OutboundConfig>) -> Result<Self, rustls::Error> {
        let tcp = Tcp::new(Arc::clone(network), Share::default());
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(network.trust.client()?)
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(tcp);
        let connector = Connector::new(connector);
        Ok(Self {
            keeping: client(connector.clone(), MAX_IDLE),
            connecting: client(connector, 0),
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
    use crate::outbound::egress::Egress;

    /// HTTP/2's frame of settings, empty.
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];

    /// A server that speaks HTTP/2 and then nothing any more, and the client's end of it.
    async fn falls_silent() -> (std::net::SocketAddr, HttpClient, Arc<tokio::sync::Notify>) {
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
                // Headers: a request.
                if kind == 1 {
                    heard.notify_one();
                    std::future::pending::<()>().await;
                }
            }
        });
        (address, HttpClient::new(Arc::new(network)), asked)
    }

    /// Who waits on a connection that has died without a word is told, after a while.
    #[tokio::test]
    async fn silence_ends() {
        let (address, outbound, asked) = falls_silent().await;
        let request = Request::get(format!("https://localhost:{}/", address.port()));
        let request = request.body(Body::empty()).unwrap();
        let sending = tokio::spawn(async move { outbound.request(request).await.is_err() });
        asked.notified().await;
        tokio::time::pause();
        let failed = tokio::time::timeout(3 * KEEP_ALIVE, sending).await;
        assert!(failed.expect("nobody noticed").unwrap());
    }
}
