//! Bodies and headers of outbound requests and their responses.

use bytes::Bytes;
use http::{Method, Response};
use http_body_util::BodyExt as _;

use super::server::{Upstream, text};
use super::{call, get, local};
use test_support::client::{Client, pieces, whole};
use test_support::soon;

/// A body is unchanged at the server, and the response's body at the client.
#[tokio::test]
async fn bodies_pass_unchanged() {
    let upstream = Upstream::http(async |request| {
        Response::new(
            request
                .into_body()
                .collect()
                .await
                .map(|body| whole(body.to_bytes()))
                .unwrap(),
        )
    })
    .await;
    let harness = local();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    let every_byte: Bytes = (0..=u8::MAX).cycle().take(3_000_000).collect();
    for client in [
        Client::new(server.address()),
        Client::http2(server.address()),
    ] {
        for path in ["/proxy", "/calls-out/bodies", "/calls-out/"] {
            for length in [0, 1, 3_000_000] {
                let body = every_byte.slice(..length);
                let path = format!("{path}?url={}", upstream.url("/"));
                let answer = client.post(&path, body.clone()).await;
                assert_eq!(answer.status, 200, "{}", answer.text());
                assert!(answer.body == body, "{length} bytes by {path}");
            }
        }
    }
}

/// Each piece of a body arrives before the next one is sent, in both directions.
#[tokio::test]
async fn bodies_stream() {
    let upstream = Upstream::http(async |request| {
        Response::new(
            request
                .into_body()
                .map_err(|error| panic!("{error}"))
                .boxed(),
        )
    })
    .await;
    let harness = local();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    let client = Client::new(server.address());
    let (sender, body) = pieces();
    let path = format!("/proxy?url={}", upstream.url("/"));
    let request = client.request(Method::POST, &path).body(body).unwrap();
    let mut answer = client.begin(request).await.unwrap().into_body();
    for number in 0..10 {
        let piece = Bytes::from(format!("piece {number}"));
        sender.send(piece.clone()).await.unwrap();
        let frame = soon(answer.frame()).await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), piece);
    }
    drop(sender);
    assert!(soon(answer.frame()).await.is_none());
}

/// Headers pass in both directions, including repeated ones. Hop-by-hop headers do not, and the host sets the
/// framing.
#[tokio::test]
async fn headers_pass() {
    let upstream = Upstream::http(async |request| {
        let mut names: Vec<_> = request
            .headers()
            .keys()
            .map(http::HeaderName::as_str)
            .collect();
        names.sort_unstable();
        let many = request.headers().get_all("x-many").iter().count();
        let host = &request.headers()["host"];
        let body = format!("{} {many} {}", names.join(","), host.to_str().unwrap());
        let response = Response::builder()
            .status(203)
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=2")
            .header("connection", "x-hop")
            .header("x-hop", "1")
            .header("keep-alive", "timeout=5");
        response.body(whole(body)).unwrap()
    })
    .await;
    let harness = local();
    let request = http::Request::post(format!("/calls-out/?url={}", upstream.url("/")))
        .header("host", "ours.example")
        .header("x-many", "1")
        .header("x-many", "2")
        .header("te", "trailers")
        .header("connection", "x-secret")
        .header("x-secret", "1")
        .header("content-length", "5")
        .header("content-type", "text/plain");
    let answer = soon(harness.handle(request.body(whole("hello")).unwrap())).await;
    assert_eq!(answer.status(), 203);
    let cookies: Vec<_> = answer.headers().get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    for name in ["connection", "x-hop", "keep-alive"] {
        assert!(!answer.headers().contains_key(name), "{name}");
    }
    let body = soon(answer.into_body().collect()).await.unwrap().to_bytes();
    let expected = format!(
        "content-length,content-type,host,x-many 2 {}",
        upstream.address
    );
    assert_eq!(body, expected.as_bytes());
}

/// A redirect is returned as a response, unless the function wants it followed, up to its limit.
#[tokio::test]
async fn redirects_are_followed_when_asked() {
    let upstream = Upstream::http(async |request| {
        let path = request.uri().path();
        let Some(left) = path
            .strip_prefix("/hop")
            .and_then(|left| left.parse::<u32>().ok())
        else {
            return text(format!("{} at the end", request.method()));
        };
        let to = left
            .checked_sub(1)
            .map_or("/end".into(), |left| format!("/hop{left}"));
        let response = Response::builder().status(302).header("location", to);
        response.body(whole("")).unwrap()
    })
    .await;
    let harness = local();
    let path = |redirects| {
        format!(
            "/calls-out/?redirects={redirects}&url={}",
            upstream.url("/hop1")
        )
    };
    let answer = call(&harness, Method::POST, &path(0), "body").await;
    assert_eq!(answer.status, 302);
    assert_eq!(answer.header("location"), Some("/hop0"));
    let answer = call(&harness, Method::POST, &path(2), "body").await;
    assert_eq!(
        (answer.status.as_u16(), answer.text()),
        (200, "GET at the end")
    );
    assert_eq!(get(&harness, &path(1)).await.status, 502);
}

/// A connection is reused for the next request of the same function, and never for another function.
#[tokio::test]
async fn connections_are_kept_for_their_function() {
    let connections = std::sync::Arc::new(std::sync::Mutex::new(std::collections::BTreeSet::new()));
    let upstream = Upstream::raw({
        let connections = std::sync::Arc::clone(&connections);
        move |mut stream| {
            connections
                .lock()
                .unwrap()
                .insert(stream.peer_addr().unwrap());
            async move {
                while !super::server::read_head(&mut stream).await.is_empty() {
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                    tokio::io::AsyncWriteExt::write_all(&mut stream, answer)
                        .await
                        .unwrap();
                }
            }
        }
    })
    .await;
    let harness = local();
    for _ in 0..5 {
        let answer = get(&harness, &format!("/proxy?url={}", upstream.url("/"))).await;
        assert_eq!(answer.text(), "ok");
    }
    assert_eq!(connections.lock().unwrap().len(), 1);
    get(&harness, &format!("/calls-out/?url={}", upstream.url("/"))).await;
    assert_eq!(connections.lock().unwrap().len(), 2);
}
