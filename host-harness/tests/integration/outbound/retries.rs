//! The requests that are retried, and those that are not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use host_harness::Harness;
use http::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::frames::{self, Frames, NAME};
use super::server::{Upstream, closed, read_head};
use super::{builder, call, get, local};
use test_support::tls::Authority;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// How a server ends an idle connection.
#[derive(Debug, Clone, Copy)]
enum End {
    Closes,
    Resets,
    /// After a part of a response.
    Says(&'static [u8]),
}

/// A server that answers one request on each connection, and ends the connection at the next. Counts all
/// requests.
async fn ending(end: End, requests: &Arc<AtomicUsize>) -> Upstream {
    let requests = Arc::clone(requests);
    Upstream::raw(move |mut stream| {
        let requests = Arc::clone(&requests);
        async move {
            request(&mut stream, &requests).await;
            stream.write_all(OK).await.unwrap();
            request(&mut stream, &requests).await;
            match end {
                End::Closes => {}
                End::Resets => stream.set_zero_linger().unwrap(),
                End::Says(bytes) => stream.write_all(bytes).await.unwrap(),
            }
        }
    })
    .await
}

/// Reads and counts a request, with a body of three bytes if it has one.
async fn request(stream: &mut TcpStream, requests: &AtomicUsize) {
    let head = read_head(stream).await;
    if head.contains("content-length: 3") {
        stream.read_exact(&mut [0; 3]).await.unwrap();
    }
    if head.contains("transfer-encoding") {
        stream.read_exact(&mut [0; 13]).await.unwrap();
    }
    if !head.is_empty() {
        requests.fetch_add(1, Ordering::SeqCst);
    }
}

/// A request that may be sent twice survives the end of an idle connection. Any other request fails, and is
/// not retried.
#[tokio::test]
async fn stale_connections_are_replaced_once() {
    let partial = End::Says(b"HTTP/1.1 2");
    for (end, method, query, body, said, sent) in [
        (End::Closes, Method::GET, "", "", "200", 3),
        (End::Resets, Method::GET, "", "", "200", 3),
        (End::Closes, Method::HEAD, "", "", "200", 3),
        (End::Closes, Method::DELETE, "", "", "200", 3),
        (End::Closes, Method::PUT, "own=1&", "abc", "200", 3),
        (End::Closes, Method::POST, "", "", "Protocol(", 2),
        (End::Closes, Method::POST, "own=1&", "abc", "Protocol(", 2),
        (End::Resets, Method::PATCH, "own=1&", "abc", "Protocol(", 2),
        // A body that was passed on cannot be sent again.
        (End::Closes, Method::PUT, "", "abc", "Protocol(", 2),
        // The response has started.
        (partial, Method::GET, "", "", "Protocol(", 2),
    ] {
        for path in ["error", "error-async"] {
            let requests = Arc::new(AtomicUsize::new(0));
            let upstream = ending(end, &requests).await;
            let harness = local();
            let path = format!("/calls-out/{path}?{query}url={}", upstream.url("/"));
            let first = call(&harness, method.clone(), &path, body).await;
            let second = call(&harness, method.clone(), &path, body).await;
            let case = format!("{end:?} {method} {query}");
            if method != Method::HEAD {
                assert_eq!(first.text(), "200", "{case}");
                assert!(second.text().starts_with(said), "{case}: {}", second.text());
            }
            assert_eq!(requests.load(Ordering::SeqCst), sent, "{case}");
        }
    }
}

/// Nothing is retried on a new connection, and a request is sent at most twice.
#[tokio::test]
async fn new_connections_are_not_replaced() {
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    // Answers on its first connection only.
    let connections = Arc::new(AtomicUsize::new(0));
    let upstream = Upstream::raw(move |mut stream| {
        let requests = Arc::clone(&counted);
        let is_first = connections.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            request(&mut stream, &requests).await;
            if is_first {
                stream.write_all(OK).await.unwrap();
                request(&mut stream, &requests).await;
            }
        }
    })
    .await;
    let harness = local();
    let path = format!("/calls-out/error?url={}", upstream.url("/"));
    for (said, sent) in [("200", 1), ("Protocol(", 3), ("Protocol(", 4)] {
        let answer = get(&harness, &path).await;
        assert!(answer.text().starts_with(said), "{}", answer.text());
        assert_eq!(requests.load(Ordering::SeqCst), sent);
    }
}

/// All idle connections may have ended at once, for example after a restart of the server. The retry uses a
/// new one.
#[tokio::test]
async fn other_stale_connections_are_not_tried() {
    let requests = Arc::new(AtomicUsize::new(0));
    let upstream = ending(End::Closes, &requests).await;
    let harness = local();
    let path = format!("/calls-out/join?url={}", upstream.url("/"));
    // Three idle connections, each of which ends at the next request.
    assert_eq!(get(&harness, &path).await.status, 200);
    let path = format!("/calls-out/error?url={}", upstream.url("/"));
    assert_eq!(get(&harness, &path).await.text(), "200");
}

/// A host whose functions reach the server by its name.
fn knowing(authority: &Authority, upstream: &Upstream) -> Harness {
    let builder = builder().resolve(NAME, upstream.address).allow_host(NAME);
    builder.ca_file(authority.file.path()).build().unwrap()
}

/// A server that refuses a number of streams of each connection, and answers the others. Counts all of them.
async fn refusing(authority: &Authority, refused: usize, requests: &Arc<AtomicUsize>) -> Upstream {
    let requests = Arc::clone(requests);
    frames::serve(authority, move |mut frames: Frames| {
        let requests = Arc::clone(&requests);
        async move {
            let mut left = refused;
            while let Some(id) = frames.request().await {
                requests.fetch_add(1, Ordering::SeqCst);
                match left.checked_sub(1) {
                    None => frames.answer(id).await,
                    Some(less) => {
                        left = less;
                        frames.refuse(id).await;
                    }
                }
            }
        }
    })
    .await
}

/// A refused stream was not processed. It is retried with every method, if its body can be sent again, a
/// limited number of times.
#[tokio::test]
async fn refused_streams_are_sent_again() {
    let authority = Authority::new();
    for (refused, method, query, said, sent) in [
        (1, Method::GET, "", "200", 2),
        (1, Method::POST, "own=1&", "200", 2),
        (3, Method::POST, "own=1&", "200", 4),
        (1, Method::POST, "", "Protocol(", 1),
        (usize::MAX, Method::POST, "own=1&", "Protocol(", 5),
    ] {
        let requests = Arc::new(AtomicUsize::new(0));
        let upstream = refusing(&authority, refused, &requests).await;
        let harness = knowing(&authority, &upstream);
        let path = format!("/calls-out/error?{query}url=https://{NAME}/");
        let body = if method == Method::POST { "abc" } else { "" };
        let answer = call(&harness, method.clone(), &path, body).await;
        let case = format!("{refused} {method} {query}");
        assert!(answer.text().starts_with(said), "{case}: {}", answer.text());
        assert_eq!(requests.load(Ordering::SeqCst), sent, "{case}");
    }
}

/// Any other reset is an error, because the server may have processed the request.
#[tokio::test]
async fn reset_streams_are_not() {
    let authority = Authority::new();
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    let upstream = frames::serve(&authority, move |mut frames: Frames| {
        let requests = Arc::clone(&counted);
        async move {
            while let Some(id) = frames.request().await {
                requests.fetch_add(1, Ordering::SeqCst);
                // Of INTERNAL_ERROR.
                frames.reset(id, 2).await;
            }
        }
    })
    .await;
    let harness = knowing(&authority, &upstream);
    for sent in 1..4 {
        let path = format!("/calls-out/error?url=https://{NAME}/");
        let answer = get(&harness, &path).await;
        assert!(answer.text().starts_with("Protocol("), "{}", answer.text());
        assert_eq!(requests.load(Ordering::SeqCst), sent);
    }
}

/// What a server does with the second request of its first connection. The first one is answered.
#[derive(Debug, Clone, Copy)]
enum Ending {
    /// The stream is beyond the last processed one.
    Beyond { reason: u32 },
    /// The stream is a processed one without an answer.
    Within { reason: u32 },
    /// No frame is sent.
    Closed,
}

async fn going_away(
    authority: &Authority,
    ending: Ending,
    requests: &Arc<AtomicUsize>,
) -> Upstream {
    let requests = Arc::clone(requests);
    let connections = Arc::new(AtomicUsize::new(0));
    frames::serve(authority, move |mut frames: Frames| {
        let requests = Arc::clone(&requests);
        let is_first = connections.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            let mut last = 0;
            while let Some(id) = frames.request().await {
                if requests.fetch_add(1, Ordering::SeqCst) == 1 && is_first {
                    match ending {
                        Ending::Beyond { reason } => frames.go_away(last, reason).await,
                        Ending::Within { reason } => frames.go_away(id, reason).await,
                        Ending::Closed => {}
                    }
                    return frames.close().await;
                }
                frames.answer(id).await;
                last = id;
            }
        }
    })
    .await
}

/// A stream beyond the last processed one is retried. An earlier one is retried only if it is idempotent.
#[tokio::test]
async fn streams_beyond_the_last_are_sent_again() {
    let authority = Authority::new();
    for (ending, method, said, sent) in [
        (Ending::Beyond { reason: 0 }, Method::GET, "200", 3),
        (Ending::Beyond { reason: 0 }, Method::POST, "200", 3),
        // Of ENHANCE_YOUR_CALM.
        (Ending::Beyond { reason: 11 }, Method::POST, "200", 3),
        (Ending::Within { reason: 0 }, Method::GET, "200", 3),
        (Ending::Within { reason: 0 }, Method::POST, "Protocol(", 2),
        (Ending::Within { reason: 2 }, Method::POST, "Protocol(", 2),
        (Ending::Closed, Method::GET, "200", 3),
        (Ending::Closed, Method::POST, "Protocol(", 2),
    ] {
        let requests = Arc::new(AtomicUsize::new(0));
        let upstream = going_away(&authority, ending, &requests).await;
        let harness = knowing(&authority, &upstream);
        let path = format!("/calls-out/error?own=1&url=https://{NAME}/");
        let body = if method == Method::POST { "abc" } else { "" };
        let first = call(&harness, method.clone(), &path, body).await;
        assert_eq!(first.text(), "200", "{ending:?}");
        let second = call(&harness, method.clone(), &path, body).await;
        let case = format!("{ending:?} {method}");
        assert!(second.text().starts_with(said), "{case}: {}", second.text());
        assert_eq!(requests.load(Ordering::SeqCst), sent, "{case}");
    }
}

/// A connection that ends before it has received a request causes no failure.
#[tokio::test]
async fn unused_connections_are_replaced() {
    let authority = Authority::new();
    let connections = Arc::new(AtomicUsize::new(0));
    let upstream = frames::serve(&authority, move |mut frames: Frames| {
        let is_first = connections.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            if is_first {
                frames.go_away(0, 0).await;
                return frames.close().await;
            }
            while let Some(id) = frames.request().await {
                frames.answer(id).await;
            }
        }
    })
    .await;
    let harness = knowing(&authority, &upstream);
    let path = format!("/calls-out/error?own=1&url=https://{NAME}/");
    let answer = call(&harness, Method::POST, &path, "abc").await;
    assert_eq!(answer.text(), "200");
}

/// The end of an idle connection does not affect requests.
#[tokio::test]
async fn idle_connections_may_end() {
    let upstream = Upstream::raw(async |mut stream| {
        read_head(&mut stream).await;
        stream.write_all(OK).await.unwrap();
        stream.shutdown().await.unwrap();
        closed(&mut stream).await;
    })
    .await;
    let harness = local();
    for _ in 0..20 {
        let path = format!("/calls-out/error?url={}", upstream.url("/"));
        assert_eq!(get(&harness, &path).await.text(), "200");
    }
}
