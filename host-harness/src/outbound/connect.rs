//! Opens a function's connections.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;
use tower_service::Service;

use super::config::OutboundConfig;
use super::connect_error::{CONNECT_TIMEOUT, ConnectError};
use super::egress::Egress;
use super::happy_eyeballs::connect;
use super::history::Recorded;
use super::resolver::Share;
use super::write_timeout::WriteTimeoutStream;
use crate::message::body::BoxError;

type Connecting<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// Opens connections, with TLS if needed, in bounded time.
#[derive(Clone)]
pub(super) struct Connector {
    tls: HttpsConnector<Tcp>,
}

impl Connector {
    pub(super) fn new(tls: HttpsConnector<Tcp>) -> Self {
        Self { tls }
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Recorded<TokioIo<MaybeHttpsStream<TokioIo<WriteTimeoutStream>>>>>;
    type Error = BoxError;
    type Future = Connecting<Self::Response, BoxError>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tls.poll_ready(cx)
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let connecting = self.tls.call(server);
        Box::pin(async move {
            let connected = timeout(CONNECT_TIMEOUT, connecting).await;
            let stream = connected.unwrap_or_else(|_| Err(ConnectError::Timeout.into()))?;
            Ok(TokioIo::new(Recorded::new(TokioIo::new(stream))))
        })
    }
}

/// Opens plain TCP connections, after checking the server's addresses, within the time limit of
/// [`Connector`]. Every connection of a function passes through here.
#[derive(Clone)]
pub(super) struct Tcp {
    network: Arc<OutboundConfig>,
    /// The function's own rules, if it has any.
    egress: Option<Arc<Egress>>,
    share: Share,
}

impl Tcp {
    pub(super) fn new(
        network: Arc<OutboundConfig>,
        egress: Option<Arc<Egress>>,
        share: Share,
    ) -> Self {
        Self {
            network,
            egress,
            share,
        }
    }
}

impl Service<Uri> for Tcp {
    type Response = TokioIo<WriteTimeoutStream>;
    type Error = ConnectError;
    type Future = Connecting<Self::Response, ConnectError>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let Self {
            network,
            egress,
            share,
        } = self.clone();
        Box::pin(async move {
            let addresses = allowed(&network, egress.as_deref(), &share, &server).await?;
            let stream = connect(addresses).await?;
            // Requests are written in few large pieces: Nagle's algorithm would only delay them.
            let _ = stream.set_nodelay(true);
            Ok(TokioIo::new(WriteTimeoutStream::new(stream)))
        })
    }
}

/// The addresses of a server that egress rules allow, those of the host and of the function: at least
/// one. The connection uses exactly these addresses, and the name is not resolved again.
async fn allowed(
    network: &OutboundConfig,
    own: Option<&Egress>,
    share: &Share,
    server: &Uri,
) -> Result<Vec<SocketAddr>, ConnectError> {
    let host = server.host().unwrap_or_default();
    let is_tls = server.scheme() == Some(&http::uri::Scheme::HTTPS);
    let port = server.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    // A server of the embedder's own is for every function.
    let own = own.filter(|_| !network.egress.is_own(host, port));
    let rules: Vec<_> = std::iter::once(&network.egress).chain(own).collect();
    let permits = rules.iter().map(|egress| egress.permit(host, port));
    let permits = permits.collect::<Result<Vec<_>, _>>()?;

    let name = host.trim_start_matches('[').trim_end_matches(']');
    let dns = |source| ConnectError::Dns {
        host: host.to_owned(),
        source,
    };
    let mut denied = None;
    let mut addresses = network.lookup(name, port, share).await.map_err(dns)?;
    addresses.retain(|address| {
        let mut rules = rules.iter().zip(&permits);
        let checked =
            rules.try_for_each(|(egress, permit)| egress.check(*permit, host, port, address.ip()));
        checked.map_err(|why| denied = Some(why)).is_ok()
    });
    match denied {
        Some(denied) if addresses.is_empty() => Err(denied.into()),
        None if addresses.is_empty() => Err(dns(io::ErrorKind::NotFound.into())),
        _ => Ok(addresses),
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::super::Error;
    use super::*;
    use crate::outbound::client::HttpClient;

    fn network(rules: &[&str], names: &[(&str, &str)]) -> Arc<OutboundConfig> {
        let rules: Vec<_> = rules.iter().map(|rule| (*rule).to_owned()).collect();
        let names = names.iter();
        let names = names.map(|(name, address)| ((*name).to_owned(), address.parse().unwrap()));
        let names: Vec<_> = names.collect();
        let egress = Egress::new(&rules).unwrap();
        Arc::new(OutboundConfig::new(egress, &[], &names, 1).unwrap())
    }

    /// Of a name's addresses, each that is not public is dropped; if none is left, the server is denied. A
    /// name that a rule allows exactly keeps all.
    #[tokio::test]
    async fn addresses_are_checked() {
        let mixed = [
            ("a.example", "10.0.0.1:80"),
            ("a.example", "1.1.1.1:80"),
            ("a.example", "[::1]:80"),
            ("b.example", "127.0.0.1:80"),
        ];
        for (rules, host, expected) in [
            (&[][..], "a.example", Some(1)),
            (&["*"], "a.example", Some(1)),
            (&["*.example"], "a.example", Some(1)),
            (&["a.example"], "a.example", Some(3)),
            (&["a.example"], "b.example", None),
            (&[], "b.example", None),
        ] {
            let server = Uri::try_from(format!("http://{host}/")).unwrap();
            let found = allowed(&network(rules, &mixed), None, &Share::default(), &server).await;
            match (found, expected) {
                (Ok(found), Some(expected)) => {
                    assert_eq!(found.len(), expected, "{rules:?} {host}");
                    assert!(found.contains(&"1.1.1.1:80".parse().unwrap()));
                }
                (Err(ConnectError::Denied(_)), None) => {}
                (found, _) => panic!("{rules:?} {host}: {found:?}"),
            }
        }
    }

    /// Connecting to a silent server times out, also while TLS waits for it.
    #[tokio::test(start_paused = true)]
    async fn silent_server_times_out() {
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = silent.local_addr().unwrap();
        let outbound = HttpClient::new(network(&["127.0.0.1"], &[]), None);
        let request = http::Request::get(format!("https://{address}/"));
        let request = request.body(crate::Body::empty()).unwrap();
        let start = Instant::now();
        let asking = timeout(3 * CONNECT_TIMEOUT, outbound.request(request));
        let failed = asking.await.expect("the request did not fail in time");
        let failed = failed.err().map(Error::from);
        assert!(matches!(failed, Some(Error::Timeout)), "{failed:?}");
        assert_eq!(start.elapsed().as_secs(), CONNECT_TIMEOUT.as_secs());
    }
}
