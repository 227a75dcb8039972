//! Functions that fail, loop, hang or use too much: the client gets no details, and the host continues.

use std::time::Duration;

use host_harness::Harness;
use http::Method;

use test_support::client::{Answer, Client, pieces, whole};
use test_support::{misbehaving, soon};

/// Sends a request for a path, and then a harmless one.
async fn fail(harness: Harness, path: &str) -> Answer {
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    let client = Client::new(server.address());
    let answer = client.get(&format!("/misbehave{path}")).await;
    assert_eq!(
        client.get("/misbehave/harmless").await.text(),
        "unknown",
        "the host goes on"
    );
    answer
}

fn status_and_reason(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.problem("reason"))
}

/// A function that ends itself, in any way, is a 500 with only an id.
#[tokio::test]
async fn traps_are_contained() {
    let harness = misbehaving().build().unwrap();
    for path in ["/panic", "/recurse", "/exit", "/handles"] {
        let answer = fail(harness.clone(), path).await;
        assert_eq!(status_and_reason(&answer), (500, "trap".into()), "{path}");
        assert_eq!(answer.problem("detail"), "the function failed");
        assert_eq!(answer.problem("invocationId").len(), 32);
    }
}

/// A function that computes forever is ended at its CPU limit, although it has time left.
#[tokio::test]
async fn loops_end() {
    let harness = misbehaving()
        .cpu_time(Duration::from_millis(50))
        .build()
        .unwrap();
    assert_eq!(
        status_and_reason(&fail(harness, "/loop").await),
        (504, "cpu-limit".into())
    );
}

/// A function that waits forever is ended at its time limit, although it used no CPU time.
#[tokio::test]
async fn waits_end() {
    let harness = misbehaving()
        .timeout(Duration::from_millis(50))
        .build()
        .unwrap();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    let client = Client::new(server.address());
    let answer = client.get("/misbehave/sleep").await;
    assert_eq!(status_and_reason(&answer), (504, "timeout".into()));
    // The same for a function that waits for a body that never arrives.
    let (_sender, body) = pieces();
    let request = client
        .request(Method::POST, "/misbehave/chunks")
        .body(body)
        .unwrap();
    assert_eq!(
        status_and_reason(&client.send(request).await),
        (504, "timeout".into())
    );
}

/// A busy function does not block others, also on a single thread.
#[tokio::test]
async fn loops_let_others_run() {
    let harness = misbehaving()
        .cpu_time(Duration::from_secs(600))
        .build()
        .unwrap();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    let client = Client::new(server.address());
    let request = client
        .request(Method::GET, "/misbehave/loop")
        .body(whole(""))
        .unwrap();
    let busy = tokio::spawn({
        let client = client.clone();
        async move { client.begin(request).await.is_ok() }
    });
    for _ in 0..5 {
        assert_eq!(client.get("/misbehave/harmless").await.text(), "unknown");
    }
    assert!(!busy.is_finished());
    busy.abort();
}

/// A function that exceeds its memory has its own reason.
#[tokio::test]
async fn memory_is_bounded() {
    let harness = misbehaving().memory(16 * 1024 * 1024).build().unwrap();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    let client = Client::new(server.address());
    let answer = client.get("/misbehave/grow").await;
    assert_eq!(status_and_reason(&answer), (500, "memory-limit".into()));
    // A body that does not fit is refused before it is read, on the host as in the function.
    let answer = client
        .post("/misbehave/collect", vec![0; 17 * 1024 * 1024])
        .await;
    assert_eq!(answer.text(), "Error::TooLarge(16777216)");
}

/// Requests beyond the running and waiting ones are refused at once, and told to retry.
#[tokio::test]
async fn overload_is_429() {
    let harness = misbehaving().concurrency(1, 0).build().unwrap();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    let client = Client::new(server.address());
    let (sender, body) = pieces();
    let request = client
        .request(Method::POST, "/misbehave/chunks")
        .body(body)
        .unwrap();
    let running = tokio::spawn({
        let client = client.clone();
        async move { client.send(request).await }
    });
    let turned_away = soon(async {
        loop {
            let answer = client.get("/misbehave/harmless").await;
            if answer.status != 200 {
                break answer;
            }
        }
    })
    .await;
    assert_eq!(status_and_reason(&turned_away), (429, "overloaded".into()));
    assert_eq!(turned_away.header("retry-after"), Some("1"));
    drop(sender);
    assert_eq!(soon(running).await.unwrap().status, 200);
    assert_eq!(client.get("/misbehave/harmless").await.text(), "unknown");
}

/// A client that disconnects cancels its function, and frees the only slot.
#[tokio::test]
async fn clients_that_go_away_end_their_function() {
    let harness = misbehaving()
        .concurrency(1, 0)
        .timeout(Duration::from_secs(600))
        .build()
        .unwrap();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    let client = Client::new(server.address());
    let gone = tokio::spawn({
        let client = Client::new(server.address());
        async move { client.get("/misbehave/sleep").await }
    });
    soon(async { while client.get("/misbehave/harmless").await.status == 200 {} }).await;
    gone.abort();
    soon(async { while client.get("/misbehave/harmless").await.status != 200 {} }).await;
}

/// A failure is the same over a socket and through the library.
#[tokio::test]
async fn handle_answers_like_the_server() {
    use http_body_util::BodyExt as _;
    let harness = misbehaving().build().unwrap();
    let request = http::Request::post("/misbehave/collect")
        .body(String::from("body"))
        .unwrap();
    let answer = harness.handle(request).await;
    assert_eq!(
        answer.into_body().collect().await.unwrap().to_bytes(),
        "body"
    );
    let request = http::Request::get("/misbehave/panic")
        .body(String::new())
        .unwrap();
    assert_eq!(harness.handle(request).await.status(), 500);
}
