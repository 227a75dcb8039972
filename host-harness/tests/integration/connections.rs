//! The lifetime of connections in each state.

use std::time::Duration;

use host_harness::{Harness, Server};
use tokio::io::AsyncWriteExt as _;

use test_support::client::{Client, whole};
use test_support::wire::{HALF_HEADERS, PING, PREFACE, SETTINGS, Wire, get};
use test_support::{misbehaving, server, soon};

/// Shorter than a test waits, and long enough for a request on a busy machine.
const SHORT: Duration = Duration::from_millis(300);

/// Longer than a test waits.
const LONG: Duration = Duration::from_secs(3600);

const GET: &str = "GET /ping HTTP/1.1\r\nhost: x\r\n\r\n";

async fn serving(head: Duration, idle: Duration) -> Server {
    let builder = Harness::builder()
        .function("ping", test_guests::PING)
        .concurrency(16, 16)
        .head_timeout(head)
        .idle_timeout(idle);
    builder.build().unwrap().serve("127.0.0.1:0").await.unwrap()
}

/// A connection without a first request is closed, whatever part of one has arrived.
#[tokio::test]
async fn connection_without_a_head_is_closed() {
    let server = serving(SHORT, LONG).await;
    let hello = [PREFACE, SETTINGS].concat();
    let half_headers = [&hello, HALF_HEADERS].concat();
    for begun in [
        &b""[..],
        b"P",
        b"PRI * HTTP/2.0\r\n",
        b"GET /ping HTTP/1.1\r\nhost: ",
        b"\r\n\r\n",
        PREFACE,
        &hello,
        &half_headers,
    ] {
        let mut wire = Wire::saying(server.address(), begun).await;
        // HTTP/2 has its own shutdown, which this client does not answer.
        let (_, end) = wire.rest().await;
        end.unwrap();
    }
}

/// An endless first head is closed as early as an incomplete one.
#[tokio::test]
async fn connection_with_a_trickling_head_is_closed() {
    let server = serving(SHORT, LONG).await;
    let hello = [PREFACE, SETTINGS].concat();
    for (begun, more) in [
        (&b"GET /ping HTTP/1.1\r\nhost: "[..], &b"x"[..]),
        (b"", b"\r\n"),
        (&hello, PING),
    ] {
        let mut wire = Wire::saying(server.address(), begun).await;
        let trickling = async {
            while wire.0.write_all(more).await.is_ok() {
                tokio::time::sleep(SHORT / 30).await;
            }
        };
        soon(trickling).await;
    }
}

/// A connection is closed after its idle time, with or without pings.
#[tokio::test]
async fn idle_connection_is_closed() {
    let server = serving(LONG, SHORT).await;
    for pings in [false, true] {
        let hello = [PREFACE, SETTINGS, &get(1, "/ping")].concat();
        let mut wire = Wire::saying(server.address(), hello).await;
        let (mut reading, mut writing) = wire.0.split();
        let pinging = async {
            while writing.write_all(PING).await.is_ok() && pings {
                tokio::time::sleep(SHORT / 30).await;
            }
            std::future::pending::<()>().await;
        };
        let mut all = Vec::new();
        let reading = tokio::io::AsyncReadExt::read_to_end(&mut reading, &mut all);
        let _ = tokio::select! {
            end = soon(reading) => end,
            () = pinging => unreachable!(),
        };
        assert!(all.windows(4).any(|four| four == b"pong"));
        // A GOAWAY that names no error, and no last stream yet.
        let goaway = b"\0\0\x08\x07\0\0\0\0\0\x7f\xff\xff\xff\0\0\0\0";
        assert!(all.windows(goaway.len()).any(|frame| frame == goaway));
    }
    let mut wire = Wire::saying(server.address(), GET).await;
    assert!(wire.text().await.ends_with("pong"));
}

/// A later head has the time of a first one, even if the idle time is longer.
#[tokio::test]
async fn later_half_head_is_closed() {
    let server = serving(SHORT, LONG).await;
    for more in [&b"G"[..], b"GET /ping HTTP/1.1\r\nhost: ", b"\r\n"] {
        let mut wire = Wire::saying(server.address(), GET).await;
        wire.until("pong").await;
        wire.say(more).await;
        assert_eq!(wire.text().await, "");
    }
}

/// So does a head that arrived with the request before it, or while that was answered.
#[tokio::test]
async fn half_head_behind_a_request_is_closed() {
    let server = serving(SHORT, LONG).await;
    for more in [
        "G",
        "GET /ping HTTP/1.1\r\nhost: ",
        "GET /ping HTTP/1.1\r\nhost: x\r\n\r",
    ] {
        for before in [1, 3] {
            let bytes = GET.repeat(before) + more;
            let mut wire = Wire::saying(server.address(), bytes).await;
            let text = wire.text().await;
            assert_eq!(text.matches("pong").count(), before, "{more:?}: {text}");
        }
    }
}

/// An idle connection stays open for the configured time, by default 75 s.
#[tokio::test]
async fn second_request_after_40_seconds_is_answered() {
    let server = server().await;
    let mut http1 = Wire::saying(server.address(), GET).await;
    http1.until("pong").await;
    let hello = [PREFACE, SETTINGS, &get(1, "/ping")].concat();
    let mut http2 = Wire::saying(server.address(), hello).await;
    http2.until_bytes(b"pong").await;
    for _ in 0..2 {
        tokio::time::pause();
        tokio::time::sleep(Duration::from_secs(40)).await;
        tokio::time::resume();
        http1.say(GET).await;
        http1.until("pong").await;
    }
    http2.say(get(3, "/ping")).await;
    let closed = soon(http2.until_bytes(b"pong"));
    // After 80 s.
    assert!(!closed.await);
}

/// A running request is not idle time, however long it takes.
#[tokio::test]
async fn running_requests_are_not_idle() {
    let server = misbehaving()
        .head_timeout(SHORT)
        .idle_timeout(SHORT)
        .build()
        .unwrap()
        .serve("127.0.0.1:0")
        .await
        .unwrap();
    for client in [
        Client::new(server.address()),
        Client::http2(server.address()),
    ] {
        let (sender, body) = test_support::client::pieces();
        let request = client.request(http::Method::POST, "/misbehave/stream-echo");
        let echo = client.begin(request.body(body).unwrap()).await.unwrap();
        tokio::time::pause();
        tokio::time::sleep(SHORT * 10).await;
        tokio::time::resume();
        sender.send("last".into()).await.unwrap();
        drop(sender);
        let echo = soon(http_body_util::BodyExt::collect(echo.into_body())).await;
        assert!(echo.unwrap().to_bytes().ends_with(b"last"));
    }
}

/// An HTTP/2 client that opens no window is disconnected, with or without pings, and so is one that reads
/// only a part.
#[tokio::test]
async fn client_without_a_window_is_left() {
    let server = misbehaving()
        .client_timeout(SHORT)
        .head_timeout(SHORT)
        .build()
        .unwrap()
        .serve("127.0.0.1:0")
        .await
        .unwrap();
    for (window, path) in [
        (0_u8, "/misbehave/status?200"),
        (9, "/misbehave/large"),
        (9, "/misbehave/stream-flood?65536"),
    ] {
        let settings = [b"\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0", &[window][..]].concat();
        let hello = [PREFACE, &settings, &get(1, path)].concat();
        let mut wire = Wire::saying(server.address(), hello).await;
        let (mut reading, mut writing) = wire.0.split();
        let pinging = async {
            while writing.write_all(PING).await.is_ok() {
                tokio::time::sleep(SHORT / 30).await;
            }
            std::future::pending::<()>().await;
        };
        let mut all = Vec::new();
        let reading = tokio::io::AsyncReadExt::read_to_end(&mut reading, &mut all);
        let _ = tokio::select! {
            end = soon(reading) => end,
            () = pinging => unreachable!(),
        };
    }
}

/// The same applies to bytes behind a request: an extra line, or a part of the next request.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn client_that_left_behind_more_than_its_request_is_noticed() {
    use tokio::io::AsyncWriteExt as _;

    let server = misbehaving()
        .timeout(LONG)
        .concurrency(1, 1)
        .build()
        .unwrap()
        .serve("127.0.0.1:0")
        .await
        .unwrap();
    let client = Client::new(server.address());
    for behind in [
        "\r\n",
        "G",
        "GET /misbehave/harmless HTTP/1.1\r\nhost: x\r\n\r\n",
    ] {
        let mut stream = tokio::net::TcpStream::connect(server.address())
            .await
            .unwrap();
        let sent = format!("GET /misbehave/sleep HTTP/1.1\r\nhost: x\r\n\r\n{behind}");
        stream.write_all(sent.as_bytes()).await.unwrap();
        let harmless = || client.get("/misbehave/harmless");
        while tokio::time::timeout(SHORT, harmless()).await.is_ok() {}
        drop(stream);
        assert_eq!(soon(harmless()).await.status, 200, "{behind:?}");
    }
}

/// A client that disconnects cancels its function, even if the function has not read the upload. TCP reports
/// the end only if the rest of the upload fits into the socket's buffer.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn client_that_left_with_an_unread_upload_is_noticed() {
    let server = misbehaving()
        .timeout(LONG)
        .concurrency(1, 1)
        .build()
        .unwrap()
        .serve("127.0.0.1:0")
        .await
        .unwrap();
    let client = Client::new(server.address());
    for http2 in [false, true] {
        let sleeper = match http2 {
            false => Client::new(server.address()),
            true => Client::http2(server.address()),
        };
        let request = sleeper.request(http::Method::POST, "/misbehave/sleep");
        let request = request.body(whole(vec![0; 32 * 1024])).unwrap();
        let asleep = tokio::spawn(async move { sleeper.begin(request).await.map(drop) });
        // The function holds the only slot once no other request is answered.
        let harmless = || client.get("/misbehave/harmless");
        while tokio::time::timeout(SHORT, harmless()).await.is_ok() {}
        asleep.abort();
        assert_eq!(soon(harmless()).await.status, 200);
    }
}
