//! Streamed responses: in pieces, and at the client's pace.

mod ends;

use bytes::Bytes;
use host_harness::{Body, Harness};
use http::{Method, Request, Response};
use http_body_util::BodyExt as _;

use test_support::client::{Client, pieces, whole};
use test_support::{Recorded, misbehaving, server, soon};

/// Sends a request to a host without a socket.
async fn handle(harness: &Harness, path: &str) -> Response<Body> {
    let path = format!("/misbehave{path}");
    let request = Request::get(path).body(String::new()).unwrap();
    soon(harness.handle(request)).await
}

/// The next piece of a body.
async fn next<B>(body: &mut B) -> Bytes
where
    B: http_body::Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Debug,
{
    let frame = soon(body.frame()).await.unwrap().unwrap();
    frame.into_data().unwrap()
}

/// A number that a function printed.
fn parsed(line: String) -> usize {
    line.parse().unwrap()
}

/// A streamed response arrives complete with its headers, over both versions of HTTP, in any number of
/// pieces.
#[tokio::test]
async fn streams_are_whole() {
    let server = server().await;
    for client in [
        Client::new(server.address()),
        Client::http2(server.address()),
    ] {
        for lines in [0, 1, 10, 100_000] {
            let answer = client.get(&format!("/misbehave/stream?{lines}")).await;
            assert_eq!(answer.status, 200);
            assert_eq!(answer.header("content-type"), Some("text/event-stream"));
            let expected: String = (0..lines).map(|line| format!("{line}\n")).collect();
            assert!(answer.text() == expected, "{lines} lines");
        }
    }
}

/// Short lines of a function that runs on another thread leave together. HTTP/2 clients refuse many short frames
/// as an attack.
#[tokio::test]
async fn short_lines_leave_joined() {
    const LINES: usize = 100_000;
    let server = server().await;
    let client = Client::http2(server.address());
    let path = format!("/misbehave/stream?{LINES}");
    // Whether the connection keeps up with the function is luck.
    for _ in 0..4 {
        let request = client.request(Method::GET, &path);
        let answer = client.begin(request.body(whole("")).unwrap()).await;
        let mut body = answer.unwrap().into_body();
        let (mut frames, mut lines) = (0, 0);
        while let Some(frame) = soon(body.frame()).await {
            let piece = frame.unwrap().into_data().unwrap();
            lines += piece.iter().filter(|byte| **byte == b'\n').count();
            frames += 1;
        }
        assert_eq!(lines, LINES);
        assert!(frames < LINES / 50, "{frames} frames");
    }
}

/// The client has the head and each event before the function continues, which waits for the next piece of
/// its request. The time of streams applies then. That holds in the background too, where a function is that has
/// computed for some time.
#[tokio::test]
async fn events_arrive_one_by_one() {
    let server = server().await;
    for client in [
        Client::new(server.address()),
        Client::http2(server.address()),
    ] {
        for computing in ["0", "50"] {
            let (sender, body) = pieces();
            let path = format!("/misbehave/stream-echo?{computing}");
            let request = client.request(Method::POST, &path);
            let answer = client.begin(request.body(body).unwrap()).await.unwrap();
            let mut body = answer.into_body();
            assert_eq!(next(&mut body).await, "longer: true\n");
            for event in 0..1000 {
                let event = Bytes::from(format!("event {event}\n"));
                sender.send(event.clone()).await.unwrap();
                assert_eq!(next(&mut body).await, event);
            }
            drop(sender);
            let rest = soon(body.collect()).await.unwrap().to_bytes();
            assert_eq!(rest, "");
        }
    }
}

/// Status and headers follow the rules of whole responses. `start` can be called again after a refusal, and
/// not after it succeeded.
#[tokio::test]
async fn heads_are_checked() {
    let server = server().await;
    let client = Client::new(server.address());
    for status in [0, 101, 199, 600] {
        let answer = client
            .get(&format!("/misbehave/stream-status?{status}"))
            .await;
        assert_eq!(
            answer.text(),
            format!("Error::Invalid(\"status {status}\")")
        );
    }
    for header in ["a b: c", "x: a\0b"] {
        let answer = client.post("/misbehave/stream-headers", header).await;
        assert!(
            answer.text().starts_with("Error::Invalid(\"header"),
            "{answer:?}"
        );
    }
    let headers = "set-cookie: a\nset-cookie: b\ncontent-length: 1\nconnection: x-hop\nx-hop: 1";
    let answer = client.post("/misbehave/stream-headers", headers).await;
    assert_eq!(
        (answer.status.as_u16(), answer.text()),
        (200, "body"),
        "the length is the host's to tell"
    );
    assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 2);
    assert!(!answer.headers.contains_key("x-hop"));
    assert_eq!(
        client.get("/misbehave/stream-twice").await.text(),
        "Error::Started"
    );
}

/// A function is blocked by a client that does not read, and the waiting bytes are limited.
#[tokio::test]
async fn functions_wait_for_their_client() {
    const QUEUE: usize = 64 * 1024;

    for chunk in [1, 1000, QUEUE, 3 * QUEUE] {
        let at_once = QUEUE.div_ceil(chunk) * chunk;
        // A separate function, because the previous one may write for a moment after its client has
        // disconnected.
        let recorded = Recorded::default();
        let harness = misbehaving().output_sink(recorded.sink()).build().unwrap();
        let mut body = handle(&harness, &format!("/stream-flood?{chunk}"))
            .await
            .into_body();
        let (mut taken, mut written) = (0, 0);
        for _ in 0..3 {
            let piece = next(&mut body).await.len();
            written = recorded.last_line().map_or(written, parsed);
            assert!(
                written <= taken + at_once,
                "{written} when {taken} were taken"
            );
            taken += piece;
            // It may not have printed the last chunk yet.
            assert!(taken <= written + chunk, "{taken} of {written}");
        }
    }
}

/// The same over a connection, which holds more than the host's queue. Other requests are answered meanwhile.
#[tokio::test]
async fn connections_wait_for_their_client() {
    const IN_BETWEEN: usize = 64 * 1024 * 1024;

    let recorded = Recorded::default();
    let harness = misbehaving().output_sink(recorded.sink()).build().unwrap();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    for (slow, other) in [
        (Client::new(server.address()), Client::new(server.address())),
        (
            Client::http2(server.address()),
            Client::http2(server.address()),
        ),
    ] {
        let request = slow.request(Method::GET, "/misbehave/stream-flood?65536");
        let answer = slow.begin(request.body(whole("")).unwrap()).await.unwrap();
        for _ in 0..200 {
            assert_eq!(other.get("/misbehave/harmless").await.text(), "unknown");
        }
        let written = recorded.last_line().map_or(0, parsed);
        assert!(written < IN_BETWEEN, "{written}");
        drop(answer);
    }
}

/// A function that never waits in `write` is notified when there is room, and loses nothing. Its pollable
/// outlives the writer.
#[tokio::test]
async fn functions_poll_for_room() {
    let recorded = Recorded::default();
    let harness = misbehaving().output_sink(recorded.sink()).build().unwrap();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    let client = Client::new(server.address());
    let answer = client.get("/misbehave/stream-poll?4000").await;
    let (bytes, waited) = answer.text().split_once('\n').unwrap();
    assert_eq!((bytes.len(), waited), (4000 * 1024, "waited: true"));
    assert_eq!(recorded.last_line().as_deref(), Some("ready: true"));
}
