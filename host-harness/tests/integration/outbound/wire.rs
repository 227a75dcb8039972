//! Servers that cut responses, are slow, or violate HTTP.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::StreamBody;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::server::{Upstream, closed, read_head, text};
use super::{call, get, local};
use test_support::soon;

/// Sends bytes repeatedly until the connection ends; returns the number of bytes.
async fn repeat(stream: &mut TcpStream, piece: &[u8], pause: Option<Duration>) -> usize {
    let mut said = 0;
    while stream.write_all(piece).await.is_ok() {
        said += piece.len();
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
    }
    said
}

/// Resets a connection, instead of closing it.
fn reset(stream: TcpStream) {
    stream.set_zero_linger().unwrap();
    drop(stream);
}

/// An invalid response head is the error `protocol` at once.
#[tokio::test]
async fn no_head() {
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(2000));
    let long = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(1 << 20));
    for said in [
        "",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n",
        "SSH-2.0-OpenSSH_9.9\r\n",
        "HTTP/9.9 200 OK\r\n\r\n",
        "HTTP/1.1 twohundred OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: ten\r\n\r\n0123456789",
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n01",
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n",
        "\r\n\r\n\0\0\0\0",
        &many,
        &long,
    ] {
        let bytes = said.to_owned();
        let upstream = Upstream::raw(move |mut stream| {
            let bytes = bytes.clone();
            async move {
                read_head(&mut stream).await;
                let _ = stream.write_all(bytes.as_bytes()).await;
                // The error comes without the end of the connection, if the bytes are enough.
                if bytes.ends_with("\r\n\r\n") {
                    closed(&mut stream).await;
                }
            }
        })
        .await;
        let harness = local();
        let said: String = said.chars().take(60).collect();
        for path in ["error", "error-async"] {
            let path = format!("/calls-out/{path}?url={}", upstream.url("/"));
            let error = get(&harness, &path).await;
            assert!(
                error.text().starts_with("Protocol("),
                "{said}: {}",
                error.text()
            );
        }
    }
}

/// A reset is the error `protocol` before the head, and an incomplete body after it.
#[tokio::test]
async fn resets() {
    let before = Upstream::raw(async |mut stream| {
        read_head(&mut stream).await;
        reset(stream);
    })
    .await;
    let half_way = Upstream::raw(async |mut stream| {
        read_head(&mut stream).await;
        let begun = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello";
        stream.write_all(begun).await.unwrap();
        // After the function has read it, because a reset overtakes bytes in transit.
        read_head(&mut stream).await;
        reset(stream);
    })
    .await;
    let harness = local();
    let path = format!("/calls-out/error?url={}", before.url("/"));
    let error = get(&harness, &path).await;
    assert!(error.text().starts_with("Protocol("), "{}", error.text());

    // The request's body continues after the function has started to pass the response on.
    let (sender, body) = test_support::client::pieces();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    let client = test_support::client::Client::new(server.address());
    let path = format!("/proxy?url={}", half_way.url("/"));
    let request = client.request(Method::POST, &path).body(body).unwrap();
    let mut answer = client.begin(request).await.unwrap().into_body();
    let hello = soon(http_body_util::BodyExt::frame(&mut answer)).await;
    assert_eq!(hello.unwrap().unwrap().into_data().unwrap(), "hello");
    sender.send(Bytes::from("\r\n\r\n")).await.unwrap();
    let end = soon(http_body_util::BodyExt::frame(&mut answer)).await;
    assert!(end.unwrap().is_err());
}

/// The timeout also ends the head and the body of a server that never pauses for long.
#[tokio::test]
async fn trickles_end() {
    const PAUSE: Option<Duration> = Some(Duration::from_millis(1));
    let head = Upstream::raw(async |mut stream| {
        read_head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nx: ").await;
        repeat(&mut stream, b"y", PAUSE).await;
    })
    .await;
    let body = Upstream::raw(async |mut stream| {
        read_head(&mut stream).await;
        let begun = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        let _ = stream.write_all(begun).await;
        repeat(&mut stream, b"1\r\ny\r\n", PAUSE).await;
    })
    .await;
    let harness = local();
    let path = format!("/calls-out/error?timeout=100&url={}", head.url("/"));
    assert_eq!(get(&harness, &path).await.text(), "Timeout");
    let path = format!("/calls-out/text?timeout=1000&url={}", body.url("/"));
    let answer = get(&harness, &path).await;
    assert_eq!(answer.status, 502, "{}", answer.text());
}

/// A body over the limit is not read: the connection is closed long before its end.
#[tokio::test]
async fn far_beyond_the_limit() {
    const LENGTH: usize = 100_000_000;
    let said = |head: &'static str, piece: &'static [u8]| {
        let (sender, said) = tokio::sync::mpsc::unbounded_channel();
        let upstream = Upstream::raw(move |mut stream| {
            let sender = sender.clone();
            async move {
                read_head(&mut stream).await;
                let _ = stream.write_all(head.as_bytes()).await;
                let _ = sender.send(repeat(&mut stream, piece, None).await);
            }
        });
        async move { (upstream.await, said) }
    };
    let known = "HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n";
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    const CHUNK: [u8; 4096 + 8] = {
        let mut chunk = [b'y'; 4096 + 8];
        let (before, after) = (*b"1000\r\n", *b"\r\n");
        let mut at = 0;
        while at < 6 {
            chunk[at] = before[at];
            at += 1;
        }
        chunk[4096 + 6] = after[0];
        chunk[4096 + 7] = after[1];
        chunk
    };
    for (head, piece, error) in [
        (known, &[b'y'; 4096][..], "TooLarge { limit: 1000000 }"),
        (chunked, &CHUNK, "200"),
    ] {
        let (upstream, mut said) = said(head, piece).await;
        let harness = local();
        let query = format!("limit=1000000&url={}", upstream.url("/"));
        let path = format!("/calls-out/error?{query}");
        assert_eq!(get(&harness, &path).await.text(), error);
        let path = format!("/calls-out/text?{query}");
        assert_eq!(get(&harness, &path).await.status, 502);
        for _ in 0..2 {
            assert!(soon(said.recv()).await.unwrap() < LENGTH / 2);
        }
    }
}

/// A request with an incomplete body never looks complete at the server, and the function gets an error.
#[tokio::test]
async fn request_bodies_break_off() {
    let (sender, mut received) = tokio::sync::mpsc::unbounded_channel();
    let upstream = Upstream::raw(move |mut stream| {
        let sender = sender.clone();
        async move {
            read_head(&mut stream).await;
            let mut body = Vec::new();
            let _ = stream.read_to_end(&mut body).await;
            let _ = sender.send(body);
        }
    })
    .await;
    let harness = local();
    for path in ["error", "error-async"] {
        let pieces = [
            Ok(http_body::Frame::data(Bytes::from("half"))),
            Err(io::Error::from(io::ErrorKind::ConnectionReset)),
        ];
        let body = StreamBody::new(futures_util::stream::iter(pieces));
        let path = format!("/calls-out/{path}?url={}", upstream.url("/"));
        let request = Request::post(path).body(body).unwrap();
        let answer = soon(harness.handle(request)).await;
        let error = soon(http_body_util::BodyExt::collect(answer.into_body())).await;
        let error = error.unwrap().to_bytes();
        let error = std::str::from_utf8(&error).unwrap();
        assert!(
            error.starts_with("Other(") && error.contains("broke off"),
            "{error}"
        );
        let body = soon(received.recv()).await.unwrap();
        assert!(!body.ends_with(b"0\r\n\r\n"), "it was taken for whole");
    }
}

/// A redirect loop ends.
#[tokio::test]
async fn redirect_loops_end() {
    let upstream = Upstream::http(async |request| {
        let mut response = text("");
        *response.status_mut() = http::StatusCode::FOUND;
        let to = request.uri().path().parse().unwrap();
        response.headers_mut().insert("location", to);
        response
    })
    .await;
    let harness = local();
    for redirects in [1, 20] {
        let path = format!(
            "/calls-out/error?redirects={redirects}&url={}",
            upstream.url("/round")
        );
        let error = call(&harness, Method::GET, &path, "").await;
        let expected = format!("TooManyRedirects(\"{}\")", upstream.url("/round"));
        assert_eq!(error.text(), expected);
    }
}
