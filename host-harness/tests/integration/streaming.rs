//! Responses that begin before they are whole: in pieces, at the client's pace, and cut off.

use std::time::Duration;

use bytes::Bytes;
use host_harness::{Body, Harness};
use http::{Method, Request, Response};
use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::client::{Client, pieces, whole};
use crate::support::{Printed, misbehaving, server, soon};

/// The ways to end a response that must not be taken for whole.
const CUT: [&str; 7] = [
    "/stream-then/panic",
    "/stream-then/exit",
    "/stream-then/grow",
    "/stream-then/loop",
    "/stream-then/streamed",
    "/stream-then/harmless",
    "/stream-drop",
];

/// Asks a host without a socket.
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

/// What there was of a body that broke off.
async fn broken<B>(mut body: B) -> Vec<u8>
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    let mut all = Vec::new();
    loop {
        match soon(body.frame()).await {
            Some(Ok(frame)) => all.extend_from_slice(&frame.into_data().ok().unwrap()),
            Some(Err(_)) => return all,
            None => panic!("it was taken for whole: {all:?}"),
        }
    }
}

/// A streamed response comes with its headers and whole, over both versions of HTTP, however many
/// pieces it was written in.
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

/// The head, and each event, are with the client before the function goes on: it waits for the next
/// piece of its request meanwhile. Its time is then the time of streams.
#[tokio::test]
async fn events_arrive_one_by_one() {
    let server = server().await;
    for client in [
        Client::new(server.address()),
        Client::http2(server.address()),
    ] {
        let (sender, body) = pieces();
        let request = client.request(Method::POST, "/misbehave/stream-echo");
        let answer = client.begin(request.body(body).unwrap()).await.unwrap();
        let mut body = answer.into_body();
        assert_eq!(next(&mut body).await, "longer: true\n");
        for event in 0..10 {
            let event = Bytes::from(format!("event {event}\n"));
            sender.send(event.clone()).await.unwrap();
            assert_eq!(next(&mut body).await, event);
        }
        drop(sender);
        let rest = soon(body.collect()).await.unwrap().to_bytes();
        assert_eq!(rest, "");
    }
}

/// Status and headers go by the rules of whole responses; `start` can be called again after they
/// were refused, and not after it began.
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

/// A function goes no further than its client takes: the bytes that wait stay bounded.
#[tokio::test]
async fn functions_wait_for_their_client() {
    const QUEUE: usize = 64 * 1024;

    let printed = Printed::default();
    let harness = misbehaving().output(printed.sink()).build().unwrap();
    for chunk in [1, 1000, QUEUE, 3 * QUEUE] {
        let at_once = QUEUE.div_ceil(chunk) * chunk;
        let mut body = handle(&harness, &format!("/stream-flood?{chunk}"))
            .await
            .into_body();
        let mut taken = 0;
        for _ in 0..3 {
            let piece = next(&mut body).await.len();
            let written: usize = printed.last().parse().unwrap();
            assert!((1..=at_once).contains(&(written - taken)), "{written}");
            taken += piece;
        }
    }
}

/// The same over a connection, where more than the host's queue lies in between; others are
/// answered meanwhile.
#[tokio::test]
async fn connections_wait_for_their_client() {
    const IN_BETWEEN: usize = 64 * 1024 * 1024;

    let printed = Printed::default();
    let harness = misbehaving().output(printed.sink()).build().unwrap();
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
        let written: usize = printed.last().parse().unwrap();
        assert!(written < IN_BETWEEN, "{written}");
        drop(answer);
    }
}

/// A function that never waits in `write` is told when there is room again, and loses nothing; its
/// pollable outlives the writer.
#[tokio::test]
async fn functions_poll_for_room() {
    let printed = Printed::default();
    let harness = misbehaving().output(printed.sink()).build().unwrap();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    let client = Client::new(server.address());
    let answer = client.get("/misbehave/stream-poll?4000").await;
    let (bytes, waited) = answer.text().split_once('\n').unwrap();
    assert_eq!((bytes.len(), waited), (4000 * 1024, "waited: true"));
    assert_eq!(printed.last(), "ready: true");
}

/// What is cut off, for whatever reason, does not look whole over HTTP/1: what was written arrives,
/// its end does not.
#[tokio::test]
async fn cut_streams_have_no_end() {
    let harness = misbehaving()
        .memory(16 * 1024 * 1024)
        .cpu_time(Duration::from_millis(50))
        .build()
        .unwrap();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    for path in CUT {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        let request = format!("GET /misbehave{path} HTTP/1.1\r\nhost: x\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = soon(stream.read_to_end(&mut answer)).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{path} {answer}");
        assert!(answer.ends_with("\r\n6\r\nbegun\n\r\n"), "{path} {answer}");
        let client = Client::new(server.address());
        assert_eq!(client.get("/misbehave/harmless").await.text(), "unknown");
    }
}

/// The same over HTTP/2, where the connection lives on, and without any.
#[tokio::test]
async fn cut_streams_are_errors() {
    let harness = misbehaving()
        .memory(16 * 1024 * 1024)
        .cpu_time(Duration::from_millis(50))
        .build()
        .unwrap();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    let client = Client::http2(server.address());
    for path in CUT {
        let request = client.request(Method::GET, &format!("/misbehave{path}"));
        let answer = client.begin(request.body(whole("")).unwrap()).await;
        let answer = answer.unwrap();
        assert_eq!(answer.status(), 200);
        broken(answer.into_body()).await;
        assert_eq!(client.get("/misbehave/harmless").await.text(), "unknown");

        let answer = handle(&harness, path).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(broken(answer.into_body()).await, b"begun\n", "{path}");
    }
}

/// The time limit of answers ends when the response begins, and that of streams holds for the
/// whole, also where nobody asks for the body. On a clock of its own, which runs when all wait.
#[tokio::test(start_paused = true)]
async fn streams_have_their_own_time() {
    let harness = misbehaving()
        .concurrency(1, 0)
        .timeout(Duration::from_secs(5))
        .stream_timeout(Duration::from_secs(20))
        .build()
        .unwrap();
    let in_time = handle(&harness, "/stream-slow?19").await.into_body();
    assert_eq!(
        in_time.collect().await.unwrap().to_bytes(),
        "before\nafter\n"
    );
    let late = handle(&harness, "/stream-slow?21").await.into_body();
    assert_eq!(broken(late).await, b"before\n");
    let unasked = handle(&harness, "/stream-slow?21").await;
    assert_eq!(handle(&harness, "/harmless").await.status(), 429);
    tokio::time::sleep(Duration::from_secs(25)).await;
    assert_eq!(handle(&harness, "/harmless").await.status(), 200);
    assert_eq!(broken(unasked.into_body()).await, b"before\n");
    let silent = handle(&harness, "/sleep").await;
    assert_eq!(
        silent.status(),
        504,
        "one that does not begin has no longer"
    );
}

/// The head arrives before anything is written. A client that then goes away ends the function, whether that waits for it or for something else: the
/// only place is free again.
#[tokio::test]
async fn clients_that_go_away_end_their_stream() {
    let harness = misbehaving().concurrency(1, 0).build().unwrap();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    for path in ["/stream-silent", "/stream-then/sleep", "/stream-flood?1000"] {
        for gone in [
            Client::new(server.address()),
            Client::http2(server.address()),
        ] {
            let request = gone.request(Method::GET, &format!("/misbehave{path}"));
            let answer = gone.begin(request.body(whole("")).unwrap()).await.unwrap();
            let client = Client::new(server.address());
            assert_eq!(client.get("/misbehave/harmless").await.status, 429);
            drop((answer, gone));
            soon(async { while client.get("/misbehave/harmless").await.status != 200 {} }).await;
        }
        let answer = handle(&harness, path).await;
        assert_eq!(handle(&harness, "/harmless").await.status(), 429);
        drop(answer);
        assert_eq!(handle(&harness, "/harmless").await.status(), 200);
    }
}

/// Where HTTP has no place for a body the function ends, since nobody is to get what it writes, and
/// the connection goes on.
#[tokio::test]
async fn bodiless_streams_end() {
    let harness = misbehaving().concurrency(1, 0).build().unwrap();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    for client in [
        Client::new(server.address()),
        Client::http2(server.address()),
    ] {
        for (method, path, status) in [
            (Method::HEAD, "/stream-flood?1000", 200),
            (Method::HEAD, "/stream-then/sleep", 200),
            (Method::GET, "/stream-status?204", 204),
            (Method::GET, "/stream-status?304", 304),
        ] {
            let request = client.request(method, &format!("/misbehave{path}"));
            let answer = client.send(request.body(whole("")).unwrap()).await;
            assert_eq!((answer.status.as_u16(), answer.text()), (status, ""));
            assert_eq!(client.get("/misbehave/harmless").await.text(), "unknown");
        }
    }
}

/// A stream is a request that runs: a server that shuts down waits for it, and cuts it when the
/// grace is over.
#[tokio::test]
async fn shutdown_waits_for_streams() {
    for patient in [true, false] {
        let harness = misbehaving().build().unwrap();
        let server = harness.serve("127.0.0.1:0").await.unwrap();
        let client = Client::new(server.address());
        let (sender, body) = pieces();
        let request = client.request(Method::POST, "/misbehave/stream-echo");
        let answer = client.begin(request.body(body).unwrap()).await.unwrap();
        let mut body = answer.into_body();
        next(&mut body).await;
        let grace = Duration::from_secs(if patient { 60 } else { 0 });
        let stopping = tokio::spawn(server.shutdown(grace));
        if patient {
            sender.send(Bytes::from_static(b"last")).await.unwrap();
            assert_eq!(next(&mut body).await, "last");
            drop(sender);
            assert!(soon(body.frame()).await.is_none());
        } else {
            broken(body).await;
        }
        assert_eq!(soon(stopping).await.unwrap(), patient);
    }
}
