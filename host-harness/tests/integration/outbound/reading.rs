//! Responses that a function reads.

use std::sync::Arc;

use tokio::io::AsyncWriteExt as _;
use tokio::sync::Barrier;

use super::server::{Upstream, read_head};
use super::{get, local};

/// More than the buffers of the kernel and the host hold between a server and a function that reads nothing.
const MUCH: usize = 12 << 20;

/// Bodies that are awaited together are read concurrently. Neither ends before most of the other was read, so
/// sequential reading would never end.
#[tokio::test]
async fn bodies_overlap() {
    let both = Arc::new(Barrier::new(2));
    let upstream = Upstream::raw(move |mut stream| {
        let both = Arc::clone(&both);
        async move {
            read_head(&mut stream).await;
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", MUCH + 1);
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(&vec![b'x'; MUCH]).await.unwrap();
            both.wait().await;
            stream.write_all(b"x").await.unwrap();
        }
    })
    .await;
    let length = MUCH + 1;
    for how in ["bytes", "text"] {
        let path = format!("/calls-out/read-both?how={how}&url={}", upstream.url("/"));
        let answer = get(&local(), &path).await;
        assert_eq!(answer.text(), format!("{length} {length} "), "{how}");
    }
}

/// An awaited body is limited by the read and by the request, whether or not its length is known.
#[tokio::test]
async fn awaited_bodies_are_limited() {
    const MOST: usize = 2 * 1024 * 1024;
    let upstream = Upstream::http(async |request| {
        let length = request.uri().query().unwrap().parse().unwrap();
        let body = format!("\"{}\"", "x".repeat(length));
        super::server::text(body)
    })
    .await;
    for (length, status) in [(MOST - 2, 200), (MOST - 1, 502)] {
        let url = upstream.url(&format!("/?{length}"));
        let answer = get(
            &local(),
            &format!("/calls-out/read-both?how=json&url={url}"),
        )
        .await;
        assert_eq!(answer.status, status, "{length}: {}", answer.text());
    }
    let chunks = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n";
    let upstream = Upstream::saying(chunks).await;
    for (limit, status) in [(9, 502), (10, 200)] {
        let url = upstream.url("/");
        let path = format!("/calls-out/read-both?how=bytes&limit={limit}&url={url}");
        assert_eq!(get(&local(), &path).await.status, status, "{limit}");
    }
}
