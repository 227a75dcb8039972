//! The framing of outbound requests.

use http::{Method, Request};
use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::local;
use super::server::{Upstream, read_head};
use test_support::client::{pieces, whole};
use test_support::soon;

/// A server that answers with the framing and the body of its request.
async fn repeating() -> Upstream {
    Upstream::raw(async |mut stream| {
        let head = read_head(&mut stream).await;
        let is_framing = |line: &&str| {
            let line = line.to_ascii_lowercase();
            line.starts_with("content-length") || line.starts_with("transfer-encoding")
        };
        let mut said = head
            .lines()
            .filter(is_framing)
            .collect::<Vec<_>>()
            .join(", ");
        if said.contains("chunked") {
            let mut body = Vec::new();
            while !body.ends_with(b"0\r\n\r\n") {
                body.push(stream.read_u8().await.unwrap());
            }
            said = format!("{said} {}", String::from_utf8(body).unwrap().escape_debug());
        }
        let length = said.len();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{said}");
        stream.write_all(head.as_bytes()).await.unwrap();
    })
    .await
}

/// A request without a body has a length of 0 for methods that usually have a body, or if the function sets
/// it.
#[tokio::test]
async fn no_body_is_announced() {
    let upstream = repeating().await;
    for (method, given, framing) in [
        (Method::POST, None, "content-length: 0"),
        (Method::PUT, None, "content-length: 0"),
        (Method::PATCH, None, "content-length: 0"),
        (Method::GET, None, ""),
        (Method::DELETE, None, ""),
        (Method::OPTIONS, None, ""),
        (Method::DELETE, Some("0"), "content-length: 0"),
        (Method::POST, Some("0"), "content-length: 0"),
        // The actual length, not the function's.
        (Method::POST, Some("7"), "content-length: 0"),
        (Method::DELETE, Some("7"), ""),
    ] {
        let path = format!("/calls-out/?url={}", upstream.url("/"));
        let mut request = Request::builder().method(method.clone()).uri(path);
        if let Some(length) = given {
            request = request.header("content-length", length);
        }
        let answer = soon(local().handle(request.body(whole("")).unwrap())).await;
        let body = soon(answer.into_body().collect()).await;
        assert_eq!(body.unwrap().to_bytes(), framing, "{method} {given:?}");
    }
}

/// Cookies are one header over HTTP/1, however a function gives them.
#[tokio::test]
async fn cookies_are_one_header() {
    let upstream = Upstream::raw(async |mut stream| {
        let head = read_head(&mut stream).await;
        let is_cookie = |line: &&str| line.to_ascii_lowercase().starts_with("cookie");
        let said: Vec<_> = head.lines().filter(is_cookie).collect();
        let said = said.join(", ");
        let length = said.len();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{said}");
        stream.write_all(head.as_bytes()).await.unwrap();
    })
    .await;
    for (given, sent) in [
        (&[][..], ""),
        (&["a=1; b=2"], "cookie: a=1; b=2"),
        (&["a=1", "b=2; c=3", "d=4"], "cookie: a=1; b=2; c=3; d=4"),
    ] {
        let path = format!("/calls-out/?url={}", upstream.url("/"));
        let mut request = Request::get(path);
        for cookie in given {
            request = request.header("cookie", *cookie);
        }
        let answer = soon(local().handle(request.body(whole("")).unwrap())).await;
        let body = soon(answer.into_body().collect()).await;
        assert_eq!(body.unwrap().to_bytes(), sent);
    }
}

/// A redirect that drops the body drops its length too.
#[tokio::test]
async fn redirects_drop_the_length() {
    let upstream = repeating().await;
    let to = upstream.url("/");
    let redirecting = Upstream::raw(move |mut stream| {
        let to = to.clone();
        async move {
            read_head(&mut stream).await;
            let head =
                format!("HTTP/1.1 303 See Other\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
        }
    })
    .await;
    let path = format!("/calls-out/?redirects=1&url={}", redirecting.url("/"));
    let request = Request::post(path).header("content-length", "0");
    let answer = soon(local().handle(request.body(whole("")).unwrap())).await;
    let body = soon(answer.into_body().collect()).await.unwrap();
    assert_eq!(body.to_bytes(), "");
}

/// A body of unknown length is sent with every method.
#[tokio::test]
async fn unknown_lengths_are_chunked() {
    let upstream = repeating().await;
    for method in [Method::GET, Method::POST, Method::DELETE] {
        let (sender, body) = pieces();
        let path = format!("/proxy?url={}", upstream.url("/"));
        let request = Request::builder().method(method.clone()).uri(path);
        let asking = tokio::spawn(async move {
            let answer = local().handle(request.body(body).unwrap()).await;
            answer.into_body().collect().await.unwrap().to_bytes()
        });
        sender.send("abc".into()).await.unwrap();
        drop(sender);
        let expected = r"transfer-encoding: chunked 3\r\nabc\r\n0\r\n\r\n";
        assert_eq!(soon(asking).await.unwrap(), expected, "{method}");
    }
}
