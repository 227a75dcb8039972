//! Unusual and invalid heads of responses.

use http::Method;
use tokio::io::AsyncWriteExt as _;

use super::server::{Upstream, read_head};
use super::{builder, call, get, local};
use test_support::client::Client;

/// A server that sends these bytes as the answer to every request.
async fn saying(bytes: Vec<u8>) -> Upstream {
    Upstream::raw(move |mut stream| {
        let bytes = bytes.clone();
        async move {
            while !read_head(&mut stream).await.is_empty() {
                let _ = stream.write_all(&bytes).await;
            }
        }
    })
    .await
}

/// The maximum number and length of headers pass. Beyond them, the error names the limits.
#[tokio::test]
async fn heads_have_limits() {
    let headers = |count| "x: y\r\n".repeat(count);
    let long = |length| format!("x: {}\r\n", "y".repeat(length));
    for (headers, fits) in [
        (headers(100), true),
        (headers(998), true),
        (headers(1000), false),
        (headers(3000), false),
        (long(300 * 1024), true),
        (long(500 * 1024), false),
    ] {
        let length = headers.len();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n{headers}\r\n");
        let upstream = saying(head.into_bytes()).await;
        let path = format!("/calls-out/error?url={}", upstream.url("/"));
        let said = get(&local(), &path).await;
        let expected = if fits {
            "200"
        } else {
            "Protocol(\"the head of the response is too long: more than 1000 headers, or 408 KiB\")"
        };
        assert_eq!(said.text(), expected, "{length} bytes of headers");
    }
}

/// A redirect is followed even if its location is not a strictly valid URL, as in browsers.
#[tokio::test]
async fn redirects_may_be_beyond_ascii() {
    for (location, path) in [
        ("/café?q=é".as_bytes(), "/caf%C3%A9?q=%C3%A9"),
        (b"/caf\xe9".as_slice(), "/caf%E9"),
        (b"/a b", "/a%20b"),
    ] {
        let redirect = [
            b"HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: ",
            location,
            b"\r\n\r\n",
        ];
        let redirect = redirect.concat();
        let upstream = Upstream::raw(move |mut stream| {
            let redirect = redirect.clone();
            async move {
                read_head(&mut stream).await;
                stream.write_all(&redirect).await.unwrap();
                let head = read_head(&mut stream).await;
                let target = head.split(' ').nth(1).unwrap();
                let length = target.len();
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{target}");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        })
        .await;
        let from = format!("/calls-out/text?redirects=1&url={}", upstream.url("/"));
        assert_eq!(get(&local(), &from).await.text(), path);
    }
}

/// An invalid status is not the function's fault: a function that passes it on answers 502.
#[tokio::test]
async fn invalid_statuses_are_the_upstreams() {
    let server = local().serve("127.0.0.1:0").await.unwrap();
    for status in [600, 999] {
        let head = format!("HTTP/1.1 {status} Odd\r\ncontent-length: 0\r\n\r\n");
        let upstream = saying(head.into_bytes()).await;
        for path in ["/proxy", "/calls-out/bodies"] {
            let path = format!("{path}?url={}", upstream.url("/"));
            let answer = Client::new(server.address()).post(&path, "x").await;
            assert_eq!(answer.problem("title"), "Bad Gateway", "{path}");
        }
        // The function sees the status.
        let path = format!("/calls-out/error?url={}", upstream.url("/"));
        assert_eq!(get(&local(), &path).await.text(), status.to_string());
    }
}

/// An unrequested interim response is not the response, and a protocol switch is an error.
#[tokio::test]
async fn informational_statuses_are_no_responses() {
    let early =
        b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    let upgrade = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n";
    for (said, expected) in [(early.as_slice(), "200"), (upgrade, "Protocol(")] {
        let upstream = saying(said.to_vec()).await;
        let path = format!("/calls-out/error?url={}", upstream.url("/"));
        let answer = get(&local(), &path).await;
        assert!(answer.text().starts_with(expected), "{}", answer.text());
    }
}

/// A function may keep many responses, and gets an error if there are too many. It can still read those that
/// it has.
#[tokio::test]
async fn handles_end_with_an_error() {
    let upstream = Upstream::http(async |_| super::server::text("ab")).await;
    let harness = local();
    let path = format!("/calls-out/hoard?url={}", upstream.url("/"));
    let answer = call(&harness, Method::GET, &path, "").await;
    let text = answer.text();
    let mut said = text.split(' ');
    let kept: usize = said.next().unwrap().parse().unwrap();
    assert!(text.contains("Overloaded"), "{text}");
    assert_eq!(said.next_back(), Some(&*(2 * kept).to_string()), "{text}");
    let one = get(
        &harness,
        &format!("/calls-out/text?url={}", upstream.url("/")),
    )
    .await;
    assert_eq!(one.text(), "ab");
}

/// Any number of sleeps in a function wake up.
#[tokio::test]
async fn sleepers_are_not_counted() {
    let harness = builder().build().unwrap();
    for count in [1, 500, 5000] {
        let answer = get(&harness, &format!("/calls-out/sleepers?count={count}")).await;
        assert_eq!(answer.text(), count.to_string());
    }
}
