//! Servers with certificates: which ones the host trusts, and HTTP/2.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use host_harness::{Builder, Harness};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rcgen::{KeyPair, date_time_ymd};
use tempfile::NamedTempFile;
use tokio::sync::Barrier;
use tokio_rustls::TlsAcceptor;

use super::server::{Upstream, text};
use super::{builder, get};
use test_support::tls::{Authority, Certified, about};

/// The name of the servers.
const NAME: &str = "upstream.test";

/// A server that answers with the version of HTTP and the number of the connection. It answers requests with
/// a query once `together` of them have arrived.
async fn secure(
    acceptor: TlsAcceptor,
    together: usize,
) -> (Upstream, Arc<Mutex<BTreeSet<SocketAddr>>>) {
    let connections = Arc::new(Mutex::new(BTreeSet::new()));
    let all = Arc::new(Barrier::new(together));
    let seen = Arc::clone(&connections);
    let upstream = Upstream::raw(move |stream| {
        let (acceptor, all, seen) = (acceptor.clone(), Arc::clone(&all), Arc::clone(&seen));
        async move {
            let peer = stream.peer_addr().unwrap();
            // A client that does not trust the certificate ends the handshake.
            let Ok(stream) = acceptor.accept(stream).await else {
                return;
            };
            let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let (all, seen) = (Arc::clone(&all), Arc::clone(&seen));
                async move {
                    seen.lock().unwrap().insert(peer);
                    if request.uri().query().is_some() {
                        all.wait().await;
                    }
                    Ok::<_, std::convert::Infallible>(text(format!("{:?} ", request.version())))
                }
            });
            let builder = auto::Builder::new(TokioExecutor::new());
            let _ = builder
                .serve_connection(TokioIo::new(stream), service)
                .await;
        }
    })
    .await;
    (upstream, connections)
}

/// A host that resolves the server's name.
fn knowing(upstream: &Upstream) -> Builder {
    builder().resolve(NAME, upstream.address).allow_host(NAME)
}

/// Sends a request to a server by its name.
async fn ask(harness: &Harness, name: &str, path: &str) -> String {
    let path = format!("/calls-out/{path}url=https://{name}/");
    get(harness, &path).await.text().to_owned()
}

/// A server with a configured authority is trusted, and both use the best version that they know.
#[tokio::test]
async fn authorities_can_be_given() {
    let authority = Authority::new();
    let mut builder = builder().ca_file(authority.file.path());
    let mut upstreams = Vec::new();
    for (name, protocols, version) in [
        ("both.test", &["h2", "http/1.1"][..], "HTTP/2.0 "),
        ("old.test", &["http/1.1"], "HTTP/1.1 "),
        ("older.test", &[], "HTTP/1.1 "),
    ] {
        let certified = authority.certify(about(&[name]));
        let (upstream, _) = secure(certified.server(protocols), 1).await;
        builder = builder.resolve(name, upstream.address).allow_host(name);
        upstreams.push((name, version, upstream));
    }
    let harness = builder.build().unwrap();
    for (name, version, _upstream) in &upstreams {
        assert_eq!(ask(&harness, name, "?").await, *version);
    }
}

/// A self-signed certificate is trusted if it is configured.
#[tokio::test]
async fn self_signed_can_be_given() {
    let key = KeyPair::generate().unwrap();
    let certificate = about(&[NAME]).self_signed(&key).unwrap();
    let file = NamedTempFile::new().unwrap();
    std::fs::write(&file, certificate.pem()).unwrap();
    let certified = Certified::new(certificate.der().clone(), &key);
    let (upstream, _) = secure(certified.server(&[]), 1).await;
    let harness = knowing(&upstream).ca_file(file.path()).build().unwrap();
    assert_eq!(ask(&harness, NAME, "?").await, "HTTP/1.1 ");
}

/// Concurrent requests over HTTP/2 share a connection.
#[tokio::test]
async fn http2_shares_a_connection() {
    const TOGETHER: usize = 50;
    let authority = Authority::new();
    let certified = authority.certify(about(&[NAME]));
    let (upstream, connections) = secure(certified.server(&["h2"]), TOGETHER).await;
    let harness = knowing(&upstream)
        .ca_file(authority.file.path())
        .build()
        .unwrap();
    // Twice: without an open connection, and with one.
    for _ in 0..2 {
        let path = format!("/calls-out/flood?count={TOGETHER}&url=https://{NAME}/?together");
        let answer = get(&harness, &path).await;
        assert_eq!(answer.text(), format!("{TOGETHER} 0"));
        assert_eq!(connections.lock().unwrap().len(), 1);
    }
}

/// A server with an invalid certificate is not trusted, and the function learns why.
#[tokio::test]
async fn impostors_are_refused() {
    let authority = Authority::new();
    let mut expired = about(&["expired.test"]);
    expired.not_before = date_time_ymd(2000, 1, 1);
    expired.not_after = date_time_ymd(2001, 1, 1);
    let mut early = about(&["early.test"]);
    early.not_before = date_time_ymd(4000, 1, 1);
    early.not_after = date_time_ymd(4001, 1, 1);
    // Like the certificates that `openssl req -x509` creates by default.
    let of_authority = {
        let key = KeyPair::generate().unwrap();
        let mut about = about(&["authority.test"]);
        about.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let certificate = about.self_signed(&key).unwrap();
        Certified::new(certificate.der().clone(), &key)
    };
    let mut common_name = about(&[]);
    let name = "common.test";
    common_name
        .distinguished_name
        .push(rcgen::DnType::CommonName, name);
    let mut of_client = about(&["client.test"]);
    of_client.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    let unknown = Authority::new().certify(about(&["unknown.test"]));
    let itself = {
        let key = KeyPair::generate().unwrap();
        let certificate = about(&["itself.test"]).self_signed(&key).unwrap();
        Certified::new(certificate.der().clone(), &key)
    };
    let mut builder = builder().ca_file(authority.file.path());
    let mut upstreams = Vec::new();
    for (name, certified, why) in [
        (
            NAME,
            authority.certify(about(&["other.test"])),
            "not valid for name",
        ),
        ("expired.test", authority.certify(expired), "expired"),
        ("early.test", authority.certify(early), "not valid yet"),
        ("authority.test", of_authority, "CA:FALSE"),
        (name, authority.certify(common_name), "subjectAltName"),
        ("client.test", authority.certify(of_client), "serverAuth"),
        ("unknown.test", unknown, "--ca-file"),
        ("itself.test", itself, "--ca-file"),
    ] {
        let (upstream, connections) = secure(certified.server(&[]), 1).await;
        builder = builder.resolve(name, upstream.address).allow_host(name);
        upstreams.push((name, why, upstream, connections));
    }
    let harness = builder.build().unwrap();
    for (name, why, _upstream, connections) in &upstreams {
        for path in ["error?", "error-async?"] {
            let error = ask(&harness, name, path).await;
            assert!(error.starts_with("Tls(") && error.contains(why), "{error}");
            // The text avoids the library's internal terms.
            assert!(!error.contains("Other("), "{error}");
        }
        let answer = get(&harness, &format!("/calls-out/text?url=https://{name}/")).await;
        assert_eq!(answer.status, 502);
        assert!(connections.lock().unwrap().is_empty());
    }
}
