//! Streams that end early: cut, out of time, or without a reader.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{handle, next};
use test_support::client::{Client, pieces, whole};
use test_support::{misbehaving, soon};

/// The ways in which a response ends incomplete.
const CUT: [&str; 7] = [
    "/stream-then/panic",
    "/stream-then/exit",
    "/stream-then/grow",
    "/stream-then/loop",
    "/stream-then/streamed",
    "/stream-then/harmless",
    "/stream-drop",
];

/// The received part of an incomplete body.
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

/// A cut response does not look complete over HTTP/1: the written bytes arrive, and the end does not.
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

/// The same over HTTP/2, where the connection stays open, and in the library.
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

/// The time to answer ends when the response starts, and the time of streams covers the whole response, even
/// if nothing polls the body. The paused clock advances while all tasks wait.
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
    // It may be in the background, which the clock does not wait for unless something blocks.
    let moment = || std::thread::sleep(Duration::from_millis(500));
    tokio::task::spawn_blocking(moment).await.unwrap();
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

/// Whole responses that wait for their clients are bounded together: further ones are refused until some are gone.
#[tokio::test]
async fn unread_responses_are_bounded() {
    let harness = misbehaving().body_memory(48 << 20).build().unwrap();
    for _ in 0..3 {
        let unread = handle(&harness, "/large").await;
        assert_eq!(unread.status(), 200);
        let refused = handle(&harness, "/large").await;
        assert_eq!(refused.status(), 429);
        assert_eq!(handle(&harness, "/harmless").await.status(), 200);
        drop(unread);
    }
}

/// A client that reads nothing of a response loses its connection, and the body is dropped, so that a
/// stopping host waits for nothing.
#[tokio::test]
async fn clients_that_take_nothing_are_cut_off() {
    let harness = misbehaving()
        .client_timeout(Duration::from_millis(100))
        .build()
        .unwrap();
    for path in ["/large", "/stream?100000000"] {
        let server = harness.serve("127.0.0.1:0").await.unwrap();
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        let request = format!("GET /misbehave{path} HTTP/1.1\r\nhost: x\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        soon(stream.readable()).await.unwrap();
        assert!(
            soon(server.shutdown(Duration::from_secs(50))).await,
            "{path}"
        );
    }
}

/// The head arrives before the first write. A client that then disconnects cancels the function, whatever
/// that waits for, and its slot is free again.
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

/// If a response cannot have a body, the function ends, and the connection continues.
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

/// A stream is a running request: a server that stops waits for it, and cuts it at the end of the grace
/// period.
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
