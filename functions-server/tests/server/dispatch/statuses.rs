//! Every status, code of HTTP and failure of a transport: whether the call is run again, and how it ends.

use std::time::Duration;

use functions_server::{DispatchOptions, ServerOptions};
use http::Response;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::support::{Endpoint, RunResponse, Scheduler, call, exit, poll};

const RETRIED: [i32; 8] = [2, 3, 6, 8, 9, 10, 11, 12];

/// The gap between two attempts: a fifth more or less, and some time for a busy machine.
fn assert_gap(gap: Duration, seconds: f64) {
    let gap = gap.as_secs_f64();
    assert!(
        gap >= 0.79 * seconds && gap < 1.2 * seconds + 3.0,
        "{gap} instead of {seconds}"
    );
}

/// A temporary failure is retried after a second and then two. Any other status ends the call at once.
#[tokio::test(flavor = "multi_thread")]
async fn statuses_are_retried_or_final() {
    let endpoint = Endpoint::answering(|run, number| {
        let status = run.function.strip_prefix("status").unwrap();
        match number {
            1 | 2 => exit(status.parse().unwrap(), ""),
            _ => exit(1, "done"),
        }
    });
    let endpoint = endpoint.await;
    let scheduler = Scheduler::start().await;
    let calls = (0..16).map(|status| endpoint.call(&format!("status{status}")));
    let ids = scheduler.dispatch(calls.collect()).await;
    for (status, id) in (0..16).zip(&ids) {
        let is_retried = RETRIED.contains(&status);
        let succeeds = is_retried || status == 1;
        let state = if succeeds { "succeeded" } else { "failed" };
        let shown = scheduler.wait(id, state).await;
        let attempts = shown["attempts"].as_array().unwrap();
        assert_eq!(attempts.len(), if is_retried { 3 } else { 1 }, "{shown}");
        let seen = endpoint.seen();
        let seen: Vec<_> = seen.iter().filter(|seen| seen.run.id == *id).collect();
        assert_eq!(seen.len(), attempts.len());
        if is_retried {
            assert_gap(seen[1].at - seen[0].at, 1.0);
            assert_gap(seen[2].at - seen[1].at, 2.0);
            assert!(seen.iter().all(|attempt| attempt.run == seen[0].run));
        }
        if !succeeds {
            assert_eq!(shown["error"], format!("status: {status}"), "{shown}");
        }
    }
    scheduler.stop().await;
}

/// Calls that begin anew again and again do so ever later, also if they get as far as a poll each time.
#[tokio::test(flavor = "multi_thread")]
async fn restarts_back_off_across_polls() {
    let endpoint = Endpoint::answering(|_, number| match number {
        1 | 3 | 5 => poll(&[], 0, "state"),
        2 | 4 => exit(8, ""),
        _ => exit(1, "done"),
    });
    let endpoint = endpoint.await;
    let scheduler = Scheduler::start().await;
    let id = scheduler.dispatch(vec![endpoint.call("f")]).await.remove(0);
    scheduler.wait(&id, "succeeded").await;
    let seen = endpoint.seen();
    assert_eq!(seen.len(), 6);
    assert_gap(seen[2].at - seen[1].at, 1.0);
    assert_gap(seen[4].at - seen[3].at, 2.0);
    scheduler.stop().await;
}

/// A code of HTTP stands for a status, and is retried as that one is.
#[tokio::test(flavor = "multi_thread")]
async fn codes_of_http_are_retried_or_final() {
    const CODES: [(u16, &str, bool); 14] = [
        (204, "INVALID_RESPONSE", false),
        (302, "PERMANENT_ERROR", false),
        (400, "INVALID_ARGUMENT", false),
        (401, "UNAUTHENTICATED", false),
        (403, "PERMISSION_DENIED", false),
        (404, "NOT_FOUND", false),
        (408, "TIMEOUT", true),
        (418, "PERMANENT_ERROR", false),
        (429, "THROTTLED", true),
        (500, "TEMPORARY_ERROR", true),
        (501, "PERMANENT_ERROR", false),
        (502, "TEMPORARY_ERROR", true),
        (503, "TEMPORARY_ERROR", true),
        (504, "TEMPORARY_ERROR", true),
    ];
    let endpoint = Endpoint::raw(|run, _| {
        let code = run.function.strip_prefix("code").unwrap();
        let response = Response::builder()
            .status(code.parse::<u16>().unwrap())
            .header("location", "http://127.0.0.1:1/");
        let body = br#"{"code":"x","message":"because"}"#;
        Some(response.body(body.to_vec()).unwrap())
    });
    let endpoint = endpoint.await;
    let scheduler = Scheduler::start().await;
    let calls = CODES
        .iter()
        .map(|(code, ..)| endpoint.call(&format!("code{code}")));
    let ids = scheduler.dispatch(calls.collect()).await;
    for ((code, status, is_retried), id) in CODES.iter().zip(&ids) {
        let state = if *is_retried { "waiting" } else { "failed" };
        let shown = scheduler.wait(id, state).await;
        assert_eq!(shown["attempts"][0]["status"], *status, "{shown}");
        let error = shown["error"].as_str().unwrap();
        assert!(*code == 204 || error.ends_with("because"), "{shown}");
    }
    scheduler.stop().await;
}

/// A server that reads something, answers with these bytes, and closes the connection.
async fn server(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(answer).await;
            });
        }
    });
    format!("http://{address}")
}

/// A server that closes the connection with a part of the request unread, which resets it.
async fn resetting() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                stream.readable().await.unwrap();
                let _ = stream.read(&mut [0; 1]).await;
            });
        }
    });
    format!("http://{address}")
}

/// Whatever a server does instead of answering has a status, and only nonsense is final.
#[tokio::test(flavor = "multi_thread")]
async fn failures_of_the_transport_are_retried_or_final() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let silent = Endpoint::raw(|_, _| None).await;
    let length = |head: &'static str| server(head.as_bytes());
    let cases = [
        (closed, "TCP_ERROR", "waiting"),
        (server(b"").await, "HTTP_ERROR", "waiting"),
        (
            server(b"").await.replace("http:", "https:"),
            "TLS_ERROR",
            "waiting",
        ),
        (resetting().await, "TCP_ERROR", "waiting"),
        (
            server(b"SSH-2.0-nonsense\r\n").await,
            "INVALID_RESPONSE",
            "failed",
        ),
        (
            length("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n").await,
            "INVALID_RESPONSE",
            "failed",
        ),
        (
            length("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx").await,
            "HTTP_ERROR",
            "waiting",
        ),
        (
            length("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nzz").await,
            "INVALID_RESPONSE",
            "failed",
        ),
        (
            length("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await,
            "UNSPECIFIED",
            "failed",
        ),
        (
            length("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n\x08\x01").await,
            "INVALID_RESPONSE",
            "failed",
        ),
        (silent.url(), "TIMEOUT", "waiting"),
    ];
    let options = DispatchOptions::default().attempt_timeout(Duration::from_secs(3));
    let scheduler = Scheduler::with(ServerOptions::default(), options).await;
    let calls = cases.iter().map(|(url, ..)| call(url, "f"));
    let ids = scheduler.dispatch(calls.collect()).await;
    for ((url, status, state), id) in cases.iter().zip(&ids) {
        let shown = scheduler.wait(id, state).await;
        assert_eq!(shown["attempts"][0]["status"], *status, "{url}: {shown}");
        assert!(!shown["error"].as_str().unwrap().is_empty(), "{shown}");
    }
    scheduler.stop().await;
}

/// State that does not fit makes the call begin anew with its input, and its calls end.
#[tokio::test(flavor = "multi_thread")]
async fn incompatible_state_begins_anew() {
    let endpoint = Endpoint::answering(|run, number| match (run.function.as_str(), number) {
        ("parent", 1) => poll(&["fast", "failing"], 1, "old"),
        ("parent", 2) => RunResponse {
            status: 8,
            ..RunResponse::default()
        },
        ("parent", _) => exit(1, "anew"),
        ("failing", _) => exit(6, ""),
        _ => exit(1, "fast"),
    });
    let endpoint = endpoint.await;
    let scheduler = Scheduler::start().await;
    let id = scheduler
        .dispatch(vec![endpoint.call("parent")])
        .await
        .remove(0);
    let shown = scheduler.wait(&id, "succeeded").await;
    let seen = endpoint.seen();
    let runs: Vec<_> = seen.iter().filter(|seen| seen.run.id == id).collect();
    assert_eq!(runs.len(), 3);
    assert_eq!(runs[2].run, runs[0].run);
    let failing = shown["children"][1].as_str().unwrap();
    scheduler.wait(failing, "cancelled").await;
    scheduler.stop().await;
}
