//! The host of a request.

use super::*;

/// A host is required, once and valid; HTTP/1.0 may omit it. The connection stays open.
#[tokio::test]
async fn hosts_are_checked() {
    let server = server().await;
    for (head, status) in [
        ("GET /ping HTTP/1.1\r\n", 400),
        ("GET /ping HTTP/1.1\r\nhost: a\r\nhost: a\r\n", 400),
        ("GET /ping HTTP/1.1\r\nhost: a\r\nHost: b\r\n", 400),
        ("GET /ping HTTP/1.1\r\nhost: a b\r\n", 400),
        ("GET /ping HTTP/1.1\r\nhost: http://a/\r\n", 400),
        ("GET /ping HTTP/1.1\r\nhost: a:b\r\n", 400),
        ("GET /ping HTTP/1.1\r\nhost: [::1\r\n", 400),
        ("GET http://a/ping HTTP/1.1\r\n", 400),
        ("GET /ping HTTP/1.1\r\nhost: a.example:80\r\n", 200),
        ("GET /ping HTTP/1.1\r\nhost: [::1]:80\r\n", 200),
        ("GET /ping HTTP/1.1\r\nhost:\r\n", 200),
        ("GET http://a/ping HTTP/1.1\r\nhost: b\r\n", 200),
        ("GET /ping HTTP/1.0\r\nconnection: keep-alive\r\n", 200),
        (
            "GET /ping HTTP/1.0\r\nconnection: keep-alive\r\nhost: a b\r\n",
            400,
        ),
        (
            "GET /ping HTTP/1.0\r\nconnection: keep-alive\r\nhost: a\r\nhost: b\r\n",
            400,
        ),
    ] {
        let last = "GET /ping HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        let requests = format!("{head}\r\n{last}");
        let answers = Wire::saying(server.address(), requests).await.text().await;
        let first = answers.get(9..12).unwrap();
        assert_eq!(first, status.to_string(), "{head:?}: {answers}");
        assert_eq!(
            answers.contains("\"reason\":\"invalid-request\""),
            status == 400
        );
        assert!(answers.ends_with("pong"), "{head:?}: {answers}");
    }
}

/// HEAD is refused without a body.
#[tokio::test]
async fn refused_head_has_no_body() {
    let server = server().await;
    let request = "HEAD /ping HTTP/1.1\r\nconnection: close\r\n\r\n";
    let answer = Wire::saying(server.address(), request).await.text().await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

/// The rest of a refused request is discarded, so that its client receives the refusal.
#[tokio::test]
async fn refused_upload_is_taken() {
    let server = server().await;
    let length = 8 << 20;
    let head =
        format!("POST /echo HTTP/1.1\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    let mut wire = Wire::saying(server.address(), head).await;
    wire.say(vec![0; length]).await;
    let answer = wire.text().await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

/// A length beside a transfer coding could deceive a proxy in front. The coding counts, and the connection
/// closes after the response (RFC 9112, section 6.1).
#[tokio::test]
async fn two_framings_end_the_connection() {
    let server = server().await;
    for framing in [
        "content-length: 3\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 3\r\n",
    ] {
        let request = format!(
            "POST /echo HTTP/1.1\r\nhost: x\r\n{framing}\r\n4\r\nabcd\r\n0\r\n\r\n\
             GET /ping HTTP/1.1\r\nhost: x\r\n\r\n"
        );
        let answer = Wire::saying(server.address(), request).await.text().await;
        assert!(answer.contains("abcd"), "{answer}");
        assert!(!answer.contains("pong"), "{answer}");
    }
}
