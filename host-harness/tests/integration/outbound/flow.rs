//! Bodies that pass through: nothing holds a whole body, and a disconnect at one end ends both.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{Notify, Semaphore};

use super::local;
use super::server::{Upstream, closed, read_head};
use test_support::client::{Client, pieces, whole};
use test_support::soon;

/// The maximum number of bytes between two ends of which one is idle: the buffers of four sockets, and the
/// host's own. A buffered body would be longer.
const BETWEEN: usize = 64 << 20;
/// The length of a body of which little is sent.
const LENGTH: usize = 1 << 30;
/// The time without progress after which a transfer counts as blocked.
const STILL: Duration = Duration::from_millis(300);

/// Waits until a counter stops changing.
async fn stands_still(counter: &AtomicUsize) -> usize {
    let mut before = None;
    loop {
        let now = counter.load(Ordering::SeqCst);
        if before == Some(now) && now > 0 {
            return now;
        }
        before = Some(now);
        tokio::time::sleep(STILL).await;
    }
}

/// The client receives the first bytes before the server sends the last.
#[tokio::test]
async fn first_bytes_do_not_wait() {
    let seen = Arc::new(Semaphore::new(0));
    let upstream = Upstream::raw({
        let seen = Arc::clone(&seen);
        move |mut stream| {
            let seen = Arc::clone(&seen);
            async move {
                read_head(&mut stream).await;
                let begun = b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nfirst";
                stream.write_all(begun).await.unwrap();
                seen.acquire().await.unwrap().forget();
                stream.write_all(b"second").await.unwrap();
            }
        }
    })
    .await;
    let server = local().serve("127.0.0.1:0").await.unwrap();
    for client in [
        Client::new(server.address()),
        Client::http2(server.address()),
    ] {
        let path = format!("/proxy?url={}", upstream.url("/"));
        let request = client.request(Method::GET, &path).body(whole("")).unwrap();
        let mut answer = client.begin(request).await.unwrap().into_body();
        let first = soon(answer.frame()).await.unwrap().unwrap();
        assert_eq!(first.into_data().unwrap(), "first");
        seen.add_permits(1);
        let second = soon(answer.collect()).await.unwrap().to_bytes();
        assert_eq!(second, "second");
    }
}

/// A server that sends much to a client that reads nothing is blocked, and released when the client
/// disconnects.
#[tokio::test]
async fn downloads_are_held_back() {
    let sent = Arc::new(AtomicUsize::new(0));
    let gone = Arc::new(Notify::new());
    let upstream = Upstream::raw({
        let (sent, gone) = (Arc::clone(&sent), Arc::clone(&gone));
        move |mut stream| {
            let (sent, gone) = (Arc::clone(&sent), Arc::clone(&gone));
            async move {
                read_head(&mut stream).await;
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {LENGTH}\r\n\r\n");
                stream.write_all(head.as_bytes()).await.unwrap();
                while let Ok(written) = stream.write(&[7; 65536]).await {
                    sent.fetch_add(written, Ordering::SeqCst);
                }
                gone.notify_one();
            }
        }
    })
    .await;
    let server = local().serve("127.0.0.1:0").await.unwrap();
    for client in [
        Client::new(server.address()),
        Client::http2(server.address()),
    ] {
        sent.store(0, Ordering::SeqCst);
        let path = format!("/proxy?url={}", upstream.url("/"));
        let request = client.request(Method::GET, &path).body(whole("")).unwrap();
        let answer = client.begin(request).await.unwrap();
        let sent = soon(stands_still(&sent)).await;
        assert!(sent < BETWEEN, "{sent} bytes are in flight");
        drop((answer, client));
        soon(gone.notified()).await;
    }
}

/// A client that sends much to a server that reads nothing is blocked, and released when the server
/// disconnects.
#[tokio::test]
async fn uploads_are_held_back() {
    let hang_up = Arc::new(Notify::new());
    let upstream = Upstream::raw({
        let hang_up = Arc::clone(&hang_up);
        move |mut stream| {
            let hang_up = Arc::clone(&hang_up);
            async move {
                read_head(&mut stream).await;
                hang_up.notified().await;
            }
        }
    })
    .await;
    let server = local().serve("127.0.0.1:0").await.unwrap();
    for client in [
        Client::new(server.address()),
        Client::http2(server.address()),
    ] {
        let sent = Arc::new(AtomicUsize::new(0));
        let (sender, body) = pieces();
        let path = format!("/proxy?url={}", upstream.url("/"));
        let request = client.request(Method::POST, &path).body(body).unwrap();
        let sending = tokio::spawn({
            let sent = Arc::clone(&sent);
            async move {
                let piece = Bytes::from_static(&[7; 65536]);
                while sent.load(Ordering::SeqCst) < LENGTH
                    && sender.send(piece.clone()).await.is_ok()
                {
                    sent.fetch_add(piece.len(), Ordering::SeqCst);
                }
            }
        });
        let answer = tokio::spawn(async move { client.begin(request).await });
        let sent = soon(stands_still(&sent)).await;
        assert!(sent < BETWEEN, "{sent} bytes are in flight");
        hang_up.notify_one();
        // Over HTTP/1 the host may close before it has read what the client still sends.
        if let Ok(answer) = soon(answer).await.unwrap() {
            assert_eq!(answer.status(), 502);
        }
        sending.abort();
    }
}

/// A client that disconnects in the middle of a body closes the server's connection too.
#[tokio::test]
async fn clients_gone_are_noticed() {
    let gone = Arc::new(Notify::new());
    let upstream = Upstream::raw({
        let gone = Arc::clone(&gone);
        move |mut stream| {
            let gone = Arc::clone(&gone);
            async move {
                read_head(&mut stream).await;
                let begun = b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nfirst";
                stream.write_all(begun).await.unwrap();
                closed(&mut stream).await;
                gone.notify_one();
            }
        }
    })
    .await;
    let server = local().serve("127.0.0.1:0").await.unwrap();
    for client in [
        Client::new(server.address()),
        Client::http2(server.address()),
    ] {
        let path = format!("/proxy?url={}", upstream.url("/"));
        let request = client.request(Method::GET, &path).body(whole("")).unwrap();
        let mut answer = client.begin(request).await.unwrap().into_body();
        assert!(soon(answer.frame()).await.unwrap().is_ok());
        drop((answer, client));
        soon(gone.notified()).await;
    }
}

/// A client that stops in the middle of its own body is noticed by the server too.
#[tokio::test]
async fn uploads_that_stop_are_noticed() {
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
    let server = local().serve("127.0.0.1:0").await.unwrap();
    let mut stream = tokio::net::TcpStream::connect(server.address())
        .await
        .unwrap();
    let head = format!(
        "POST /proxy?url={} HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhello",
        upstream.url("/")
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    drop(stream);
    assert!(soon(received.recv()).await.unwrap().len() < 10);
}
