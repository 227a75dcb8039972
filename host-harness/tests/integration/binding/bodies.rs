//! Bodies that pass through several functions.

use bytes::Bytes;
use http::Method;
use http_body_util::BodyExt as _;

use super::{Gate, SHARED, ask, get_with, request};
use test_support::client::{Client, pieces, whole};
use test_support::soon;

/// Bodies arrive unchanged in both directions, also long ones.
#[tokio::test]
async fn bodies_are_whole() {
    let harness = &*SHARED;
    let all: Vec<u8> = (0..=255).collect();
    let large: Vec<u8> = all.iter().copied().cycle().take(8 << 20).collect();
    for body in [Vec::new(), all, large] {
        for how in ["call", "send", "read"] {
            let path = format!("{how}/echo");
            let body = Bytes::from(body.clone());
            let answer = ask(
                harness,
                request(Method::POST, &path, &[], whole(body.clone())),
            )
            .await;
            assert!(answer.body == body, "{} bytes by {how}", body.len());
        }
    }
}

/// A piece passes through three functions and back before the next is sent.
#[tokio::test]
async fn bodies_pass_as_they_arrive() {
    let harness = &*SHARED;
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    let client = Client::new(server.address());
    for path in [
        "/caller/call/caller/send/echo",
        "/caller/call/caller/call/misbehave/stream-echo",
        "/caller/then/echo",
    ] {
        let (sender, body) = pieces();
        let request = client.request(Method::POST, path);
        let request = request.header("x-call-then", "caller/call/misbehave/stream-echo");
        let answer = client.begin(request.body(body).unwrap()).await.unwrap();
        let mut body = answer.into_body();
        for piece in ["one", "two", "three"] {
            sender.send(Bytes::from(piece)).await.unwrap();
            let mut seen = Vec::new();
            while !seen.ends_with(piece.as_bytes()) {
                let frame = soon(body.frame()).await.unwrap().unwrap();
                seen.extend_from_slice(&frame.into_data().unwrap());
            }
        }
        drop(sender);
        assert!(soon(body.frame()).await.is_none(), "{path}");
    }
}

/// A streamed response is another function's request, whose answer is the response.
#[tokio::test]
async fn streams_go_from_one_to_the_other() {
    let harness = &*SHARED;
    let expected: String = (0..100_000).map(|line| format!("{line}\n")).collect();
    for then in ["echo", "caller/call/echo", "caller/read/echo"] {
        let answer = get_with(
            harness,
            "then/misbehave/stream?100000",
            &[("x-call-then", then)],
        )
        .await;
        assert!(answer.text() == expected, "{then}");
    }
}

/// A sent call can be checked before there is a response, and is not lost.
#[tokio::test]
async fn looking_does_not_wait() {
    let gate = Gate::new().await;
    let harness = &*SHARED;
    let path = format!("try/{}", gate.path());
    let asked = tokio::spawn(async move { super::get(harness, &path).await });
    gate.arrived(2).await;
    gate.open(2);
    let answer = soon(asked).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.text()), (200, "open"));
}

/// Sent calls are in flight at once: none is released before all have arrived.
#[tokio::test]
async fn calls_overlap() {
    let gate = Gate::new().await;
    let harness = &*SHARED;
    let path = format!("join/{}", gate.path());
    let asked = tokio::spawn(async move {
        let headers = [("x-call-count", "2"), ("x-call-then", "calls-out/text")];
        get_with(harness, &path, &headers).await
    });
    gate.arrived(3).await;
    gate.open(3);
    assert_eq!(soon(asked).await.unwrap().text(), "open open open");
}
