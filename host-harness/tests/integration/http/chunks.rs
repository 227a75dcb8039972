//! Malformed chunks of a request's body.

use super::*;

const HEAD: &str = "POST %PATH HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";

fn head(path: &str) -> String {
    HEAD.replace("%PATH", path)
}

/// A chunk that is malformed and arrives with the head is answered with 400 by a function that reads the body,
/// and by the host for one that passes it on. A function that ignores the body answers as usual.
#[tokio::test]
async fn malformed_first_chunk_is_refused() {
    let server = server().await;
    for chunk in [
        "zz\r\nhello\r\n0\r\n\r\n",
        "-1\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "5;a=\n\r\nhello\r\n0\r\n\r\n",
    ] {
        for (path, status) in [("/greet", "400"), ("/echo", "400"), ("/ping", "200")] {
            let request = head(path) + chunk;
            let answer = Wire::saying(server.address(), request).await.text().await;
            let expected = format!("HTTP/1.1 {status} ");
            assert!(answer.starts_with(&expected), "{path} {chunk:?}: {answer}");
            let is_problem = answer.contains("application/problem+json");
            assert_eq!(is_problem, status == "400", "{answer}");
        }
    }
}

/// Only `chunked` is accepted as a transfer coding, once. Otherwise the function would get encoded bytes, or a
/// proxy could see the request end elsewhere. The client gets the refusal, and no request after it is answered.
#[tokio::test]
async fn other_transfer_codings_are_refused() {
    let server = server().await;
    for (codings, status) in [
        ("transfer-encoding: chunked", 200),
        ("Transfer-Encoding: Chunked", 200),
        ("transfer-encoding: gzip, chunked", 501),
        ("transfer-encoding: gzip\r\ntransfer-encoding: chunked", 501),
        ("transfer-encoding: identity, chunked", 501),
        ("transfer-encoding: chunked, chunked", 400),
        (
            "transfer-encoding: chunked\r\ntransfer-encoding: chunked",
            400,
        ),
        ("transfer-encoding: gzip", 400),
    ] {
        for path in ["/ping", "/echo", "/none"] {
            let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\n{codings}\r\n\r\n");
            let next = "GET /ping HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
            let requests = format!("{head}5\r\nhello\r\n0\r\n\r\n{next}");
            let answers = Wire::saying(server.address(), requests).await.text().await;
            let status = match path {
                "/none" if status == 200 => 404,
                _ => status,
            };
            let first = format!("HTTP/1.1 {status} ");
            assert!(answers.starts_with(&first), "{path} {codings}: {answers}");
            let is_accepted = matches!(status, 200 | 404);
            assert_eq!(
                answers.ends_with("pong"),
                is_accepted,
                "{codings}: {answers}"
            );
        }
    }
}

/// A body that is passed on is answered at once, and echoed as it comes. A malformed later chunk cuts it.
#[tokio::test]
async fn later_malformed_chunk_cuts_the_response() {
    let server = server().await;
    let hello = "5\r\nhello\r\n";
    let end = "0\r\n\r\n";
    for (first, seen, rest, whole) in [
        ("", "\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n", true),
        (hello, hello, end, true),
        ("", "\r\n\r\n", "zz\r\n", false),
        (hello, hello, "zz\r\n", false),
        ("5\r\nhelloXX\r\n", "", "", false),
    ] {
        let mut wire = Wire::saying(server.address(), head("/echo") + first).await;
        let mut answer = wire.until(seen).await;
        wire.say(rest).await;
        if whole {
            answer += &wire.until(end).await;
            assert!(answer.ends_with(&format!("{hello}{end}")), "{answer}");
        } else {
            answer += &wire.text().await;
            assert!(!answer.ends_with(end), "{answer}");
        }
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
}
