//! What a server that stops waits for.

use std::time::Duration;

use bytes::Bytes;
use host_harness::{Harness, Server};
use http::Method;
use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use test_support::client::{Client, pieces, whole};
use test_support::wire::{HALF_HEADERS, PREFACE, SETTINGS};
use test_support::{server, soon};

/// Much longer than any wait in these tests.
const GRACE: Duration = Duration::from_secs(3600);

/// Waits for the end of the server, for less than the time of a head.
async fn stops(server: Server) -> bool {
    let stopping = tokio::time::timeout(Duration::from_secs(15), server.shutdown(GRACE));
    stopping
        .await
        .expect("it waited for what is not a request yet")
}

/// Advances the paused clock by the server's grace for idle connections, so that the test does not wait.
async fn while_passes() {
    tokio::time::pause();
    tokio::time::sleep(Duration::from_secs(2)).await;
    tokio::time::resume();
}

fn client(server: &Server, http2: bool) -> Client {
    match http2 {
        true => Client::http2(server.address()),
        false => Client::new(server.address()),
    }
}

/// Requests of clients that have connected are answered, also if nobody has accepted their connections yet.
#[tokio::test]
async fn connected_clients_are_answered() {
    let server = server().await;
    let clients: Vec<_> = (0..16)
        .map(|_| {
            // Blocks the only thread, so that the server cannot accept.
            let mut client = std::net::TcpStream::connect(server.address()).unwrap();
            let request = b"GET /ping HTTP/1.1\r\nhost: x\r\n\r\n";
            std::io::Write::write_all(&mut client, request).unwrap();
            client.set_nonblocking(true).unwrap();
            TcpStream::from_std(client).unwrap()
        })
        .collect();
    assert!(stops(server).await);
    for mut client in clients {
        let mut answer = Vec::new();
        soon(client.read_to_end(&mut answer)).await.unwrap();
        assert!(answer.ends_with(b"pong"), "{answer:?}");
    }
}

/// An incomplete head is not waited for, whether it is the connection's first or not.
#[tokio::test]
async fn half_a_head_is_not_waited_for() {
    let whole = b"GET /ping HTTP/1.1\r\nhost: x\r\n\r\n";
    for (before, half) in [
        (&b""[..], &b"GET /pi"[..]),
        (b"", b"GET /ping HTTP/1.1\r\nhost: "),
        (b"", b"PRI * HTTP/2.0\r\n"),
        (whole, b"GET /ping HTTP/1.1\r\nhost: "),
    ] {
        let server = server().await;
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(before).await.unwrap();
        let mut answer = Vec::new();
        while !before.is_empty() && !answer.ends_with(b"pong") {
            assert_ne!(soon(stream.read_buf(&mut answer)).await.unwrap(), 0);
        }
        stream.write_all(half).await.unwrap();
        // By then the server has usually read the half; it has to stop in either case.
        assert_eq!(
            Client::new(server.address()).get("/ping").await.text(),
            "pong"
        );
        assert!(stops(server).await);
    }
}

/// An HTTP/2 client that ignores the shutdown is not waited for, nor is half of its head.
#[tokio::test]
async fn silent_http2_is_not_waited_for() {
    for rest in [&b""[..], HALF_HEADERS] {
        let server = server().await;
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream
            .write_all(&[PREFACE, SETTINGS, rest].concat())
            .await
            .unwrap();
        // The server sends its own settings first.
        soon(stream.read_u8()).await.unwrap();
        assert!(stops(server).await);
    }
}

/// A function that has not answered when the server stops still answers, however long it takes.
#[tokio::test]
async fn running_requests_are_answered() {
    let upstream = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = upstream.local_addr().unwrap();
    let harness = Harness::builder()
        .function("proxy", test_guests::PROXY)
        .concurrency(16, 16)
        .allow_host("127.0.0.1")
        .build()
        .unwrap();
    for http2 in [false, true] {
        let server = harness.serve("127.0.0.1:0").await.unwrap();
        let client = client(&server, http2);
        let asking = async move { client.get(&format!("/proxy?url=http://{address}/")).await };
        let asking = tokio::spawn(asking);
        let (mut stream, _) = soon(upstream.accept()).await.unwrap();
        // A client refuses an answer to what it has not sent yet.
        soon(stream.read_u8()).await.unwrap();
        let stopping = tokio::spawn(server.shutdown(GRACE));
        while_passes().await;
        let response = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlate";
        stream.write_all(response).await.unwrap();
        assert_eq!(soon(asking).await.unwrap().text(), "late");
        assert!(soon(stopping).await.unwrap());
    }
}

/// A response is sent completely, whether its function still streams it or it waits only for the client.
#[tokio::test]
async fn responses_are_sent_to_their_end() {
    for http2 in [false, true] {
        let server = server().await;
        let client = client(&server, http2);
        let (sender, body) = pieces();
        let request = client.request(Method::POST, "/misbehave/stream-echo");
        let echo = client.begin(request.body(body).unwrap()).await.unwrap();
        let request = client.request(Method::GET, "/misbehave/large");
        let large = client.begin(request.body(whole("")).unwrap()).await;
        let stopping = tokio::spawn(server.shutdown(GRACE));
        while_passes().await;
        sender.send(Bytes::from_static(b"last")).await.unwrap();
        drop(sender);
        let echo = soon(echo.into_body().collect()).await.unwrap();
        assert!(echo.to_bytes().ends_with(b"last"));
        while_passes().await;
        assert!(!stopping.is_finished());
        let large = soon(large.unwrap().into_body().collect()).await.unwrap();
        assert_eq!(large.to_bytes().len(), 32 * 1024 * 1024);
        assert!(soon(stopping).await.unwrap());
    }
}

/// The host discards what a client still sends after its response, because closing the connection could lose
/// the response.
#[tokio::test]
async fn uploads_are_taken_to_their_end() {
    let server = server().await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let half = b"POST /ping HTTP/1.1\r\nhost: x\r\ncontent-length: 8\r\n\r\nhalf";
    stream.write_all(half).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"pong") {
        assert_ne!(soon(stream.read_buf(&mut answer)).await.unwrap(), 0);
    }
    let stopping = tokio::spawn(server.shutdown(GRACE));
    while_passes().await;
    assert!(!stopping.is_finished());
    stream.write_all(b"half").await.unwrap();
    assert_eq!(soon(stream.read_buf(&mut answer)).await.unwrap(), 0);
    assert!(soon(stopping).await.unwrap());
}
