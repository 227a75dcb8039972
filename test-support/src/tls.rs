//! Certificates, and TLS servers.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::NamedTempFile;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A test's own certificate authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub file: NamedTempFile,
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut about = CertificateParams::new([]).unwrap();
        about.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Each authority has its own name.
        let name = format!("authority {:x?}", key.public_key_raw());
        about.distinguished_name.push(DnType::CommonName, name);
        let file = NamedTempFile::new().unwrap();
        std::fs::write(&file, about.self_signed(&key).unwrap().pem()).unwrap();
        let issuer = Issuer::new(about, key);
        Self { issuer, file }
    }

    /// A server's certificate.
    pub fn certify(&self, about: CertificateParams) -> Certified {
        let key = KeyPair::generate().unwrap();
        let certificate = about.signed_by(&key, &self.issuer).unwrap();
        Certified::new(certificate.der().clone(), &key)
    }
}

/// A certificate with its private key.
pub struct Certified {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Certified {
    pub fn new(certificate: CertificateDer<'static>, key: &KeyPair) -> Self {
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        Self { certificate, key }
    }

    /// The configuration of a server with this certificate and these protocols.
    pub fn server(self, protocols: &[&str]) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate], self.key)
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|name| (*name).into()).collect();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// A certificate's parameters, with its names.
pub fn about(names: &[&str]) -> CertificateParams {
    CertificateParams::new(
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>(),
    )
    .unwrap()
}

/// Runs a TLS proxy in front of a server for the duration of the test; returns its address.
pub async fn before(server: SocketAddr, acceptor: TlsAcceptor) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust it ends the handshake.
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    let mut server = TcpStream::connect(server).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut stream, &mut server).await;
                }
            });
        }
    });
    address
}
