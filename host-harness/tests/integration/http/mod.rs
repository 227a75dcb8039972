//! The statements of docs/http.md, tested over the wire.

use std::io;
use std::time::Duration;

use host_harness::{Harness, Server};
use http::Method;
use tokio::net::TcpListener;

use test_support::client::{Client, whole};
use test_support::wire::Wire;
use test_support::{misbehaving, server, soon};

mod chunks;
mod framing;
mod hosts;

/// A server that answers every request, with or without a length.
async fn upstream(head: &'static str) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let mut wire = Wire(stream);
            wire.until("\r\n\r\n").await;
            wire.say(head).await;
        }
    });
    address
}

async fn proxy() -> Server {
    let harness = Harness::builder()
        .function("proxy", test_guests::PROXY)
        .function("ping", test_guests::PING)
        .function("misbehave", test_guests::MISBEHAVE)
        .concurrency(16, 16)
        .allow_host("127.0.0.1")
        .output_sink(|_| {})
        .build()
        .unwrap();
    harness.serve("127.0.0.1:0").await.unwrap()
}

/// A response to HEAD has the length that GET would have, or none, and no body. That holds for functions,
/// passed-on responses and the host's own.
#[tokio::test]
async fn head_has_the_length_that_is_known() {
    let server = proxy().await;
    let known =
        upstream("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 12345\r\n\r\n").await;
    let unknown =
        upstream("HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n")
            .await;
    for client in [
        Client::new(server.address()),
        Client::http2(server.address()),
    ] {
        for (path, status, length) in [
            ("/ping".to_owned(), 200, Some("4")),
            (format!("/proxy?url=http://{known}/"), 200, Some("12345")),
            (format!("/proxy?url=http://{unknown}/"), 200, None),
            ("/misbehave/stream-slow?9".to_owned(), 200, None),
            ("/misbehave/status?204".to_owned(), 204, None),
            ("/misbehave/status?304".to_owned(), 304, None),
        ] {
            let request = client.request(Method::HEAD, &path).body(whole(""));
            let answer = client.send(request.unwrap()).await;
            assert_eq!((answer.status.as_u16(), answer.text()), (status, ""));
            assert_eq!(answer.header("content-length"), length, "{path}");
        }
        for path in ["/none", "/misbehave/panic", "/misbehave/status?99"] {
            let get = client.get(path).await;
            let request = client.request(Method::HEAD, path).body(whole(""));
            let answer = client.send(request.unwrap()).await;
            assert_eq!((answer.status, answer.text()), (get.status, ""), "{path}");
            assert_eq!(
                answer.header("content-length"),
                get.header("content-length")
            );
            assert_eq!(answer.header("content-type"), get.header("content-type"));
        }
        assert_eq!(client.get("/ping").await.text(), "pong");
    }
}

/// Cookies that HTTP/2 splits are one header in a function, and unchanged over HTTP/1.
#[tokio::test]
async fn cookies_of_http2_are_joined() {
    let server = server().await;
    for (client, cookies) in [
        (
            Client::http2(server.address()),
            &["cookie: a=1; b=2; c=3"][..],
        ),
        (
            Client::new(server.address()),
            &["cookie: a=1; b=2", "cookie: c=3"],
        ),
    ] {
        let request = client
            .request(Method::GET, "/misbehave/environment")
            .header("cookie", "a=1; b=2")
            .header("cookie", "c=3")
            .body(whole(""));
        let answer = client.send(request.unwrap()).await;
        let lines = answer.text().lines();
        let found: Vec<_> = lines.filter(|line| line.starts_with("cookie: ")).collect();
        assert_eq!(found, cookies);
    }
}

/// A percent-encoded letter in a function's name is decoded, and the rest of the path is unchanged.
#[tokio::test]
async fn escaped_names_are_found() {
    let server = server().await;
    let client = Client::new(server.address());
    assert_eq!(client.get("/%70ing").await.text(), "pong");
    assert_eq!(client.get("/pin%67?x").await.text(), "pong");
    let answer = client.get("/%6disbehave/environment/%61").await;
    assert!(answer.text().contains("unknown"), "{answer:?}");
    for path in ["/ping%2Fx", "/%2570ing", "/%", "/%FF", "/ping%00"] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.problem("reason"), "no-such-function");
    }
}

/// An upgrade is ignored: the request is answered like any other, and the connection continues.
#[tokio::test]
async fn upgrades_are_ignored() {
    let server = server().await;
    for upgrade in [
        "connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAoAAAAAIAAAAA",
        "connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13",
    ] {
        let request = format!("GET /ping HTTP/1.1\r\nhost: x\r\n{upgrade}\r\n\r\n");
        let mut wire = Wire::saying(server.address(), &request).await;
        for _ in 0..2 {
            let answer = wire.until("pong").await;
            assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
            wire.say("GET /ping HTTP/1.1\r\nhost: x\r\n\r\n").await;
        }
    }
}

/// Pipelined requests are answered in order.
#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = server().await;
    let requests = "GET /ping HTTP/1.1\r\nhost: x\r\n\r\n\
                    POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc\
                    GET /none HTTP/1.1\r\nhost: x\r\n\r\n\
                    GET /ping HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let answers = Wire::saying(server.address(), requests).await.text().await;
    let places: Vec<_> = ["pong", "abc", "no-such-function"]
        .map(|body| answers.find(body).unwrap())
        .into();
    assert!(places.is_sorted(), "{answers}");
    assert!(answers.ends_with("pong"));
}
