//! Failures and cancellation of outbound requests.

use std::sync::Arc;

use http::{Method, Response};
use http_body_util::BodyExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::{Barrier, Notify};

use super::server::{Upstream, closed, read_head, text};
use super::{builder, call, get, local};
use test_support::client::{Client, whole};
use test_support::soon;

/// Each failure has its own error and status, with blocking and with async calls.
#[tokio::test]
async fn failures_are_told_apart() {
    // A free port, which no other process takes while its socket is bound.
    let unused = tokio::net::TcpSocket::new_v4().unwrap();
    unused.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let refused = unused.local_addr().unwrap();
    let reset = Upstream::raw(async |mut stream| drop(read_head(&mut stream).await)).await;
    let silent = Upstream::raw(async |mut stream| closed(&mut stream).await).await;
    let nonsense = Upstream::saying("220 mail.example ESMTP\r\n\r\n").await;
    let plain = Upstream::raw(async |mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        closed(&mut stream).await;
    })
    .await;
    let long = Upstream::saying("HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nhello world").await;
    let nowhere = format!("{}.example", "x".repeat(64));
    let harness = [&reset, &silent, &nonsense, &plain, &long]
        .iter()
        .fold(builder(), |builder, upstream| {
            builder.allow_host(upstream.address.to_string())
        })
        .allow_host(refused.to_string())
        .allow_host("*")
        .build()
        .unwrap();
    for (query, error, status) in [
        (format!("url=http://{refused}/"), "Connect(", 502),
        (format!("url={}", reset.url("/")), "Protocol(", 502),
        (format!("url={}", nonsense.url("/")), "Protocol(", 502),
        (
            format!("url=https://{}/", plain.address),
            "Tls(\"the server does not answer with TLS; if it serves plain HTTP, use http://\")",
            502,
        ),
        (
            format!("timeout=50&url={}", silent.url("/")),
            "Timeout",
            504,
        ),
        (
            format!("timeout=50&url=https://{}/", silent.address),
            "Timeout",
            504,
        ),
        (
            format!("limit=10&url={}", long.url("/")),
            "TooLarge { limit: 10 }",
            502,
        ),
        (format!("limit=11&url={}", long.url("/")), "200", 200),
        (format!("url=http://{nowhere}/"), "Dns(", 502),
        ("url=ftp://a/".into(), "InvalidUrl(", 500),
    ] {
        for path in ["error", "error-async"] {
            let answer = get(&harness, &format!("/calls-out/{path}?{query}")).await;
            assert!(
                answer.text().starts_with(error),
                "{query}: {}",
                answer.text()
            );
        }
        let answer = get(&harness, &format!("/calls-out/text?{query}")).await;
        assert_eq!(answer.status.as_u16(), status, "{query}");
    }
}

/// An incomplete response is never taken for complete, neither by the function nor by its client.
#[tokio::test]
async fn truncated_is_broken() {
    for bytes in [
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n",
    ] {
        let upstream = Upstream::saying(bytes).await;
        let harness = local();
        let url = upstream.url("/");
        let answer = get(&harness, &format!("/calls-out/text?url={url}")).await;
        assert_eq!(answer.status, 502, "{}", answer.text());
        let server = harness.serve("127.0.0.1:0").await.unwrap();
        for client in [
            Client::new(server.address()),
            Client::http2(server.address()),
        ] {
            let path = format!("/proxy?url={url}");
            let request = client.request(Method::GET, &path).body(whole("")).unwrap();
            if let Ok(answer) = client.begin(request).await {
                assert!(soon(answer.into_body().collect()).await.is_err(), "{bytes}");
            }
        }
    }
}

/// An incomplete response is not the client's fault, however the function reads it, and the log names its
/// source.
#[tokio::test]
async fn truncated_is_the_upstreams() {
    let bytes = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello";
    let upstream = Upstream::saying(bytes).await;
    let harness = local();
    for how in [
        "bytes",
        "limit",
        "text",
        "json",
        "chunks",
        "chunks-async",
        "file",
    ] {
        let path = format!("/calls-out/read?how={how}&url={}", upstream.url("/"));
        let answer = get(&harness, &path).await;
        assert_eq!(answer.status, 502, "{how}: {}", answer.text());
        let told = "the response of an upstream could not be used: the ";
        assert!(answer.text().contains(told), "{how}: {}", answer.text());
    }
}

/// A response over its limit is cut there, and so is one that is too slow.
#[tokio::test]
async fn limits_hold_for_bodies() {
    let chunks = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n";
    let upstream = Upstream::saying(chunks).await;
    let slow = Upstream::raw(async |mut stream| {
        read_head(&mut stream).await;
        let begun = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello";
        stream.write_all(begun).await.unwrap();
        closed(&mut stream).await;
    })
    .await;
    let harness = local();
    for (limit, status) in [(9, 502), (10, 200), (11, 200)] {
        let path = format!("/calls-out/text?limit={limit}&url={}", upstream.url("/"));
        assert_eq!(get(&harness, &path).await.status, status, "{limit}");
    }
    let path = format!("/calls-out/text?timeout=1000&url={}", slow.url("/"));
    assert_eq!(get(&harness, &path).await.status, 502);
}

/// Sent requests are in flight at once: the server answers none before it has all three.
#[tokio::test]
async fn requests_overlap() {
    let all = Arc::new(Barrier::new(3));
    let upstream = Upstream::http(move |request| {
        let all = Arc::clone(&all);
        async move {
            all.wait().await;
            text(request.uri().query().unwrap())
        }
    })
    .await;
    let path = format!("/calls-out/join?url={}", upstream.url("/"));
    let answer = get(&local(), &path).await;
    assert_eq!(answer.text(), "n=1n=2n=3");
}

/// Dropping a sent request closes its connection, and the function continues.
#[tokio::test]
async fn dropping_cancels() {
    let (arrived, gone) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let hanging = Upstream::raw({
        let (arrived, gone) = (Arc::clone(&arrived), Arc::clone(&gone));
        move |mut stream| {
            let (arrived, gone) = (Arc::clone(&arrived), Arc::clone(&gone));
            async move {
                read_head(&mut stream).await;
                arrived.notify_one();
                closed(&mut stream).await;
                gone.notify_one();
            }
        }
    })
    .await;
    // Answers once the other request has arrived, and again once the other's connection is closed.
    let first = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let meanwhile = Upstream::http(move |_| {
        let is_first = first.swap(false, std::sync::atomic::Ordering::SeqCst);
        let (notify, said) = if is_first {
            (&arrived, "arrived ")
        } else {
            (&gone, "gone")
        };
        let notify = Arc::clone(notify);
        async move {
            notify.notified().await;
            text(said)
        }
    })
    .await;
    let harness = local();
    let path = format!(
        "/calls-out/cancel?url={}&meanwhile={}",
        hanging.url("/"),
        meanwhile.url("/")
    );
    assert_eq!(get(&harness, &path).await.text(), "arrived gone");
}

/// A client that disconnects cancels the requests that its function has sent, in every form.
#[tokio::test]
async fn caller_gone_cancels() {
    for path in ["error", "error-async"] {
        let (arrived, gone) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let hanging = Upstream::raw({
            let (arrived, gone) = (Arc::clone(&arrived), Arc::clone(&gone));
            move |mut stream| {
                let (arrived, gone) = (Arc::clone(&arrived), Arc::clone(&gone));
                async move {
                    read_head(&mut stream).await;
                    arrived.notify_one();
                    closed(&mut stream).await;
                    gone.notify_one();
                }
            }
        })
        .await;
        let harness = local();
        let path = format!("/calls-out/{path}?url={}", hanging.url("/"));
        let caller = tokio::spawn(async move { get(&harness, &path).await });
        soon(arrived.notified()).await;
        caller.abort();
        soon(gone.notified()).await;
    }
}

/// An invocation may have a limited number of requests in flight. One more is refused without a trap.
#[tokio::test]
async fn pendings_are_bounded() {
    for (count, expected) in [(63, "63 0"), (64, "64 0"), (65, "64 1")] {
        // Answers none before it has the maximum number.
        let all = Arc::new(Barrier::new(count.min(64)));
        let upstream = Upstream::http(move |_| {
            let all = Arc::clone(&all);
            async move {
                all.wait().await;
                Response::new(whole(""))
            }
        })
        .await;
        let path = format!("/calls-out/flood?count={count}&url={}", upstream.url("/"));
        let answer = get(&local(), &path).await;
        assert_eq!(answer.text(), expected, "{count}");
    }
}

/// Concurrent requests that are refused hold no handle, however many there are.
#[tokio::test]
async fn refused_requests_hold_no_handles() {
    let upstream = Upstream::http(async |_| Response::new(whole(""))).await;
    let harness = local();
    for count in [1000, 10_000] {
        let path = format!("/calls-out/flood?count={count}&url=");
        let answer = get(&harness, &format!("{path}{}", upstream.url("/"))).await;
        let counts = answer.text().split(' ').map(|count| count.parse().unwrap());
        let counts: Vec<usize> = counts.collect();
        assert!(counts[0] >= 64, "{counts:?}");
        assert_eq!(counts[0] + counts[1], count, "{counts:?}");
        let invalid = get(&harness, &format!("{path}ftp://x")).await;
        assert_eq!((invalid.status.as_u16(), invalid.text()), (200, "0 0"));
    }
}

/// Bodies by value are limited, and one too many is refused. Passed-on and small bodies do not count.
#[tokio::test]
async fn held_bodies_are_bounded() {
    const LIMIT: usize = 1024 * 1024;
    let upstream = Upstream::http(async |_| Response::new(whole(""))).await;
    let harness = builder()
        .allow_host("127.0.0.1")
        .body_memory(LIMIT)
        .build()
        .unwrap();
    for (own, length, said) in [
        ("&own=1", 64 * 1024, "200"),
        ("&own=1", LIMIT, "200"),
        ("&own=1", LIMIT + 1, "Overloaded"),
        ("", LIMIT + 1, "200"),
    ] {
        for path in ["error", "error-async"] {
            let path = format!("/calls-out/{path}?url={}{own}", upstream.url("/"));
            for _ in 0..3 {
                let body = "x".repeat(length);
                let answer = call(&harness, Method::POST, &path, &body).await;
                assert_eq!(answer.text(), said, "{path} {length}");
            }
        }
    }
}
