//! Request bodies: whole, in pieces, unread, endless, incomplete.

use bytes::Bytes;
use http::Method;
use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use test_support::client::{Client, pieces, whole};
use test_support::{server, soon};

const MIB: usize = 1024 * 1024;

/// Bytes that differ by position, so that a misplaced piece is detected.
fn bytes(length: usize) -> Bytes {
    (0..length)
        .map(|place| (place ^ (place >> 8) ^ (place >> 16)) as u8)
        .collect()
}

/// An echo equals its request, at every boundary that a buffer may have, with and without a length.
#[tokio::test]
async fn echo_returns_what_it_was_sent() {
    let server = server().await;
    let client = Client::new(server.address());
    for length in [
        0,
        1,
        4095,
        4096,
        4097,
        65535,
        65536,
        65537,
        MIB - 1,
        MIB,
        MIB + 1,
        2 * MIB - 1,
        2 * MIB,
        2 * MIB + 1,
        64 * MIB,
    ] {
        let sent = bytes(length);
        let answer = client.post("/echo", sent.clone()).await;
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.header("content-length"),
            Some(length.to_string().as_str())
        );
        assert!(answer.body == sent, "{length} bytes with their length");

        let (sender, body) = pieces();
        let request = client.request(Method::POST, "/echo").body(body).unwrap();
        let send = async {
            // In pieces of an odd size; without any piece if the body is empty.
            for piece in sent.chunks(100_003) {
                sender.send(Bytes::copy_from_slice(piece)).await.unwrap();
            }
            drop(sender);
        };
        let (answer, ()) = tokio::join!(client.send(request), send);
        assert!(answer.body == sent, "{length} bytes in pieces");
    }
}

/// The response starts before the upload ends: each piece returns before the next is sent.
#[tokio::test]
async fn echo_streams() {
    let server = server().await;
    for client in [
        Client::new(server.address()),
        Client::http2(server.address()),
    ] {
        let (sender, body) = pieces();
        sender.send(Bytes::from("piece 0")).await.unwrap();
        let request = client.request(Method::POST, "/echo").body(body).unwrap();
        let mut answer = client.begin(request).await.unwrap().into_body();
        for round in 0..10 {
            let frame = soon(answer.frame()).await.unwrap().unwrap();
            assert_eq!(frame.into_data().unwrap(), format!("piece {round}"));
            sender
                .send(Bytes::from(format!("piece {}", round + 1)))
                .await
                .unwrap();
        }
        drop(sender);
        assert_eq!(soon(answer.collect()).await.unwrap().to_bytes(), "piece 10");
    }
}

/// A function reads the whole body, in one read, in chunks, or without blocking.
#[tokio::test]
async fn functions_read_bodies() {
    let server = server().await;
    let client = Client::new(server.address());
    let body = bytes(3 * MIB + 1);
    assert!(client.post("/misbehave/collect", body.clone()).await.body == body);
    for (max, longest) in [(1000, 1000), (4_000_000_000_u64, MIB)] {
        let answer = client
            .post(&format!("/misbehave/chunks?{max}"), body.clone())
            .await;
        let (total, at_most) = answer.text().split_once(" bytes, at most ").unwrap();
        assert_eq!(total, body.len().to_string());
        let at_most: usize = at_most.strip_suffix(" at once").unwrap().parse().unwrap();
        assert!(at_most <= longest, "{at_most}");
    }
    let answer = client.post("/misbehave/poll", body.clone()).await;
    assert_eq!(answer.text(), format!("{} bytes, ready true", body.len()));
    assert_eq!(
        client.post("/misbehave/poll", "").await.text(),
        "0 bytes, ready true"
    );
}

/// A pollable wakes the function for bytes that arrive later.
#[tokio::test]
async fn functions_wait_for_bodies() {
    let server = server().await;
    let client = Client::new(server.address());
    let (sender, body) = pieces();
    let request = client
        .request(Method::POST, "/misbehave/poll")
        .body(body)
        .unwrap();
    let answer = tokio::spawn({
        let client = client.clone();
        async move { client.send(request).await }
    });
    for _ in 0..5 {
        sender.send(Bytes::from_static(b"piece")).await.unwrap();
        // Another request completes meanwhile, while this one waits.
        assert_eq!(client.get("/ping").await.text(), "pong");
    }
    drop(sender);
    assert_eq!(soon(answer).await.unwrap().text(), "25 bytes, ready true");
}

/// A limit holds whether the length is known or not, and is inclusive.
#[tokio::test]
async fn limits_are_inclusive() {
    let server = server().await;
    let client = Client::new(server.address());
    for (length, fits) in [(999, true), (1000, true), (1001, false)] {
        let sent = bytes(length);
        let expected = if fits {
            sent.clone()
        } else {
            "Error::TooLarge(1000)".into()
        };
        assert_eq!(
            client
                .post("/misbehave/collect?1000", sent.clone())
                .await
                .body,
            expected
        );

        let (sender, body) = pieces();
        let request = client
            .request(Method::POST, "/misbehave/collect?1000")
            .body(body)
            .unwrap();
        let send = async {
            for piece in sent.chunks(300) {
                // The server may refuse the body before the last piece.
                let _ = sender.send(Bytes::copy_from_slice(piece)).await;
            }
            drop(sender);
        };
        let (answer, ()) = tokio::join!(client.send(request), send);
        assert_eq!(answer.body, expected);
    }
}

/// An incomplete body is an error in the function, and never taken for complete.
#[tokio::test]
async fn broken_bodies_are_not_whole() {
    let server = server().await;
    for (path, head, body) in [
        ("/misbehave/chunks", "content-length: 100", "only this"),
        (
            "/misbehave/poll",
            "transfer-encoding: chunked",
            "9\r\nonly this\r\n",
        ),
        (
            "/misbehave/chunks",
            "transfer-encoding: chunked",
            "9\r\nonly this\r\nnonsense\r\n",
        ),
    ] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        let request = format!("POST {path} HTTP/1.1\r\nhost: x\r\n{head}\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).await.unwrap();
        if !body.ends_with("nonsense\r\n") {
            stream.shutdown().await.unwrap();
        }
        let mut answer = String::new();
        soon(stream.read_to_string(&mut answer)).await.unwrap();
        // A client that has disconnected may not receive an answer.
        assert!(
            answer.is_empty() || answer.contains("Closed after 9 bytes"),
            "{answer}"
        );
    }
}

/// An echo with an incomplete upload is cut too, and does not look complete.
#[tokio::test]
async fn broken_echo_is_cut_off() {
    let server = server().await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let request =
        "POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n4\r\nabcd\r\nxyz";
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.write_all(b"\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = soon(stream.read_to_end(&mut answer)).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(!answer.ends_with("0\r\n\r\n"), "{answer}");
}

/// An unread upload is discarded: the client gets its answer, and can reuse the connection.
#[tokio::test]
async fn unread_uploads_are_thrown_away() {
    let server = server().await;
    let client = Client::new(server.address());
    let request = client
        .request(Method::POST, "/ping")
        .body(whole(bytes(64 * MIB)))
        .unwrap();
    assert_eq!(client.send(request).await.text(), "pong");
    assert_eq!(client.get("/ping").await.text(), "pong");
}
