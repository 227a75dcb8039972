//! The end of a response, and how a client recognizes it.

use super::*;

fn http10(path: &str) -> String {
    format!("GET {path} HTTP/1.0\r\n\r\n")
}

/// Whether the error is a reset of the connection.
fn is_reset(end: io::Result<()>) -> bool {
    end.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionReset)
}

/// A cut response over HTTP/1.0 ends in a reset, whatever cuts it, because the end of the connection would
/// mean that it is complete.
#[tokio::test]
async fn cut_response_of_http10_is_reset() {
    let server = misbehaving()
        .stream_timeout(Duration::from_millis(300))
        .build()
        .unwrap()
        .serve("127.0.0.1:0")
        .await
        .unwrap();
    for then in ["panic", "sleep", "grow", "exit"] {
        let request = http10(&format!("/misbehave/stream-then/{then}"));
        let mut wire = Wire::saying(server.address(), request).await;
        let (read, end) = wire.rest().await;
        assert!(is_reset(end), "{then}: {}", String::from_utf8_lossy(&read));
    }
    // In other versions the last chunk is missing.
    let request = "GET /misbehave/stream-then/panic HTTP/1.1\r\nhost: x\r\n\r\n";
    let answer = Wire::saying(server.address(), request).await.text().await;
    assert!(!answer.ends_with("0\r\n\r\n"), "{answer}");
}

/// A server that is stopped while it sends does not make a response over HTTP/1.0 look complete.
#[tokio::test]
async fn stopped_response_of_http10_is_reset() {
    for grace in [Duration::ZERO, Duration::from_millis(100)] {
        let server = server().await;
        let request = http10("/misbehave/stream-then/sleep");
        let mut wire = Wire::saying(server.address(), request).await;
        wire.until_bytes(b"\r\n\r\n").await;
        assert!(!server.shutdown(grace).await);
        assert!(is_reset(wire.rest().await.1));
    }
}

/// A complete response over HTTP/1.0 ends correctly, with a length, without one, and without a body.
#[tokio::test]
async fn whole_response_of_http10_is_not_reset() {
    let server = server().await;
    for (path, end) in [
        ("/ping", "pong"),
        ("/misbehave/stream?3", "0\n1\n2\n"),
        ("/misbehave/stream-slow?1", "after\n"),
        ("/misbehave/status?204", "\r\n\r\n"),
        ("/none", "}"),
    ] {
        for client in ["", "connection: keep-alive\r\n"] {
            let request = format!("GET {path} HTTP/1.0\r\n{client}\r\n");
            let mut wire = Wire::saying(server.address(), request).await;
            // The client ends a connection that is kept open.
            if client.is_empty() || path.contains("slow") {
                let answer = wire.text().await;
                assert!(answer.ends_with(end), "{path}: {answer}");
            } else {
                wire.until(end).await;
            }
        }
    }
    let mut wire = Wire::saying(
        server.address(),
        "HEAD /misbehave/stream?3 HTTP/1.0\r\n\r\n",
    )
    .await;
    assert!(wire.text().await.ends_with("\r\n\r\n"));
}

/// A client of HTTP/1.0 that asks to keep the connection is told that it ends with a response of unknown length:
/// it could take "keep-alive" without a length for an empty response.
#[tokio::test]
async fn response_of_http10_without_length_is_not_kept_alive() {
    let server = server().await;
    for (path, kept) in [
        ("/misbehave/stream-slow?1", "close"),
        ("/ping", "keep-alive"),
    ] {
        let request = format!("GET {path} HTTP/1.0\r\nconnection: keep-alive\r\n\r\n");
        let mut wire = Wire::saying(server.address(), request).await;
        let answer = match kept {
            "close" => wire.text().await,
            _ => wire.until("pong").await,
        };
        let wanted = format!("\r\nconnection: {kept}\r\n");
        assert!(answer.contains(&wanted), "{path}: {answer}");
    }
}

/// A client that received `100 Continue` and is refused before it has sent everything gets the refusal.
#[tokio::test]
async fn early_answer_after_100_continue_arrives() {
    let server = server().await;
    let head = "POST /greet HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n\
                transfer-encoding: chunked\r\n\r\n";
    let mut wire = Wire::saying(server.address(), head).await;
    assert_eq!(
        wire.until("\r\n\r\n").await,
        "HTTP/1.1 100 Continue\r\n\r\n"
    );
    // Much more than `Json` accepts, and than socket buffers hold.
    let chunk = [&b"100000\r\n"[..], &vec![b' '; 1 << 20], b"\r\n"].concat();
    for _ in 0..32 {
        wire.say(&chunk).await;
    }
    wire.say("0\r\n\r\nGET /ping HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await;
    let answer = wire.text().await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.ends_with("pong"), "{answer}");
}

/// A client that sends its body without `100 Continue` gets its answer, with `connection: close`, because the
/// next bytes are ambiguous.
#[tokio::test]
async fn answer_without_100_continue_arrives() {
    let server = server().await;
    let length = 8 << 20;
    for sends in [false, true] {
        let head = format!(
            "POST /ping HTTP/1.1\r\nhost: x\r\nexpect: 100-Continue\r\ncontent-length: {length}\r\n\r\n"
        );
        let mut wire = Wire::saying(server.address(), head).await;
        let answer = wire.until("pong").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("connection: close\r\n"), "{answer}");
        if sends {
            wire.say(vec![0; length]).await;
        }
        assert_eq!(wire.text().await, "");
    }
}

/// The answer to an oversized head is not lost while its client still sends.
#[tokio::test]
async fn refusal_of_an_endless_head_arrives() {
    let server = server().await;
    let mut wire = Wire::saying(server.address(), "GET /ping HTTP/1.1\r\nx: ").await;
    wire.say(vec![b'x'; 8 << 20]).await;
    let (answer, end) = wire.rest().await;
    end.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 431 "));
}

/// An endless echo is cut at the time of streams.
#[tokio::test]
async fn trickling_echo_is_cut() {
    let server = test_support::builder()
        .stream_timeout(Duration::from_millis(300))
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
        let request = client.request(Method::POST, "/echo").body(body).unwrap();
        sender.send("first".into()).await.unwrap();
        let echo = client.begin(request).await.unwrap();
        let echo = soon(http_body_util::BodyExt::collect(echo.into_body())).await;
        assert!(echo.is_err());
        drop(sender);
    }
}
