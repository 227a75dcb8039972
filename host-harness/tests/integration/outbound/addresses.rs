//! Addresses that are not public, in every notation and by every way to reach them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Response;

use super::server::{Upstream, text};
use super::{builder, get};
use test_support::client::whole;

/// Hosts with addresses that are not public: this machine, its network, cloud metadata.
const NOT_PUBLIC: &[&str] = &[
    // Loopback, in all the forms of URLs.
    "127.0.0.1",
    "127.255.255.254",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.1.",
    "127%2e0%2e0%2e1",
    "①②⑦.⓪.⓪.①",
    "localhost",
    "LocalHost",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[2002:7f00:1::]",
    // The unspecified address, which means this machine.
    "0.0.0.0",
    "0",
    "[::]",
    "[::ffff:0.0.0.0]",
    // Private networks of companies, carriers and providers.
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "[::ffff:192.168.0.1]",
    "100.64.0.1",
    "192.0.0.1",
    "198.18.0.1",
    "[fc00::1]",
    "[fd00::1]",
    "[fec0::1]",
    // Link-local, metadata among them.
    "169.254.169.254",
    "0xa9fea9fe",
    "[::ffff:169.254.169.254]",
    "[fe80::1]",
    "[fd00:ec2::254]",
    "168.63.129.16",
    // Shared and reserved ranges.
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
    "[ff02::1]",
    // Names whose addresses another party sets.
    "rebound.example",
    "metadata.example",
    "half.example",
];

fn encoded(url: &str) -> String {
    url::form_urlencoded::byte_serialize(url.as_bytes()).collect()
}

/// No request is sent to an address that is not public. That holds for calls and sent requests, after a
/// redirect, and with `*`.
#[tokio::test]
async fn nothing_private_is_reached() {
    let secrets = Arc::new(AtomicUsize::new(0));
    let secret = Upstream::raw({
        let secrets = Arc::clone(&secrets);
        move |_| {
            secrets.fetch_add(1, Ordering::SeqCst);
            async {}
        }
    })
    .await;
    let port = secret.address.port();
    let redirecting = Upstream::http(|request| {
        let to = request.uri().query().unwrap_or_default();
        let to = url::form_urlencoded::parse(format!("to={to}").as_bytes())
            .next()
            .map(|(_, to)| to.into_owned())
            .unwrap();
        // Percent-encoded, so that only the function's host interprets it.
        let response = Response::builder()
            .status(307)
            .header("location", to.as_bytes());
        let response = response.body(whole("")).unwrap();
        async move { response }
    })
    .await;
    let harness = builder()
        .allow_host("*")
        .allow_host(redirecting.address.to_string())
        .resolve("rebound.example", secret.address)
        .resolve("metadata.example", "169.254.169.254:80".parse().unwrap())
        .resolve("half.example", "10.0.0.1:80".parse().unwrap())
        .resolve("half.example", secret.address)
        .build()
        .unwrap();
    for host in NOT_PUBLIC {
        let url = format!("http://{host}:{port}/");
        let there = encoded(&url);
        let led = encoded(&redirecting.url(&format!("/?{there}")));
        for path in [
            format!("/calls-out/error?url={there}"),
            format!("/calls-out/error-async?url={there}"),
            format!("/calls-out/error?redirects=3&url={led}"),
        ] {
            if host.is_ascii() || !path.contains("redirects") {
                let said = get(&harness, &path).await;
                let said = said.text();
                assert!(said.starts_with("NotAllowed("), "{host}: {said}");
                assert!(said.contains("is not public; --allow-host "), "{said}");
            }
        }
    }
    assert_eq!(secrets.load(Ordering::SeqCst), 0);
}

/// The host connects to an allowed name at the address that it has checked. The port is the request's, unless
/// the rule names another.
#[tokio::test]
async fn names_lead_where_they_were_told_to() {
    let upstream = Upstream::http(async |request| {
        let host = &request.headers()["host"];
        text(host.to_str().unwrap())
    })
    .await;
    let port = upstream.address.port();
    let any_port = (upstream.address.ip(), 0).into();
    let harness = builder()
        .resolve("api.example", upstream.address)
        .resolve("Any.Example.", any_port)
        .allow_host("api.example")
        .allow_host("any.example")
        .build()
        .unwrap();
    for (url, host) in [
        ("http://api.example/", "api.example"),
        (
            &format!("http://any.example:{port}/"),
            &format!("any.example:{port}"),
        ),
    ] {
        let answer = get(&harness, &format!("/calls-out/?url={url}")).await;
        assert_eq!(answer.text(), host);
    }
}

/// An address at which connections hang, because the kernel's backlog is full while the result lives.
async fn dead() -> (std::net::SocketAddr, Vec<Box<dyn std::any::Any + Send>>) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut held: Vec<Box<dyn std::any::Any + Send>> = vec![Box::new(listener)];
    let wait = std::time::Duration::from_millis(300);
    while let Ok(waiting) =
        tokio::time::timeout(wait, tokio::net::TcpStream::connect(address)).await
    {
        held.push(Box::new(waiting.unwrap()));
    }
    (address, held)
}

/// A name whose first address is unreachable costs 250 ms. A name with no other address ends with the time to
/// connect.
#[tokio::test]
async fn dead_addresses_are_passed_over() {
    let (dead, _held) = dead().await;
    let upstream = Upstream::http(async |_| text("here")).await;
    let harness = builder()
        .resolve("half.example", dead)
        .resolve("half.example", upstream.address)
        .resolve("dead.example", dead)
        .allow_host("*.example")
        .allow_host("half.example")
        .allow_host("dead.example")
        .build()
        .unwrap();
    let begun = std::time::Instant::now();
    let answer = get(&harness, "/calls-out/text?url=http://half.example/").await;
    assert_eq!(answer.text(), "here");
    // 250 ms, on a machine that may be busy.
    assert!(begun.elapsed().as_millis() < 2000, "{:?}", begun.elapsed());
    let answer = get(
        &harness,
        "/calls-out/error?timeout=500&url=http://dead.example/",
    )
    .await;
    assert_eq!(answer.text(), "Timeout");
}

/// std's sockets do not work, whatever is allowed. Requests are the only way out.
#[tokio::test]
async fn sockets_lead_nowhere() {
    let reached = Arc::new(AtomicUsize::new(0));
    let upstream = Upstream::raw({
        let reached = Arc::clone(&reached);
        move |_| {
            reached.fetch_add(1, Ordering::SeqCst);
            async {}
        }
    })
    .await;
    let harness = super::local();
    let path = format!("/calls-out/sockets?url={}", upstream.address);
    let answer = get(&harness, &path).await;
    assert_eq!(
        answer.text(),
        "tcp: refused, udp: refused, listen: refused, name: refused"
    );
    assert_eq!(reached.load(Ordering::SeqCst), 0);
}
