//! Calls of `functions-binding` in a real component, each with `.await` and with `wait`.

use host_harness::{Harness, Server};

use test_support::client::Client;

async fn server() -> Server {
    let harness = Harness::builder()
        .function("calls", test_guests::CALLS_FUNCTIONS)
        .function("greet", test_guests::GREET)
        .function("echo", test_guests::ECHO)
        .function("events", test_guests::EVENTS)
        .function("misbehave", test_guests::MISBEHAVE)
        .concurrency(16, 16)
        .output_sink(|_| {})
        .build()
        .unwrap();
    harness.serve("127.0.0.1:0").await.unwrap()
}

/// Any status is a response of `invoke`, and an error of the host is an error.
#[tokio::test]
async fn invoke_answers_or_fails() {
    let server = server().await;
    let client = Client::new(server.address());
    for (of, said) in [
        ("misbehave", "200 unknown"),
        ("misbehave&path=/length", "200 0"),
        ("none", "function \"none\" not found"),
        ("echo&path=/%23", "invalid path \"/#\""),
    ] {
        let answer = client.get(&format!("/calls/invoke?of={of}")).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (200, said));
    }
    let refused = client.get("/calls/invoke?of=greet").await;
    assert!(refused.text().starts_with("400 {\"title\":\"Bad Request\""));
}

/// JSON round-trips, and a failure has the text that users of the binding know.
#[tokio::test]
async fn json_goes_there_and_back() {
    let server = server().await;
    let client = Client::new(server.address());
    let answer = client
        .post("/calls/json?of=greet", r#"{"name":"Ada"}"#)
        .await;
    assert_eq!(answer.text(), r#"{"message":"Hello, Ada!"}"#);

    let refused = client.post("/calls/json?of=greet", "7").await;
    let start = "Function invocation failed with status 400: {\"title\":\"Bad Request\"";
    assert!(refused.text().starts_with(start), "{}", refused.text());

    let refused = client.get("/calls/get?of=greet&path=/x").await;
    let start = "Function GET failed with status 400: {\"title\":\"Bad Request\"";
    assert!(refused.text().starts_with(start), "{}", refused.text());
    assert_eq!(client.get("/calls/get?of=echo").await.text(), "null");
}

/// Bodies of any length pass through, and a response is returned unchanged.
#[tokio::test]
async fn bodies_pass_through() {
    let server = server().await;
    let client = Client::new(server.address());
    let body: Vec<u8> = (0..=255).cycle().take(8 << 20).collect();
    for how in ["send", "call-wait"] {
        let answer = client
            .post(&format!("/calls/{how}?of=echo&path=/"), body.clone())
            .await;
        assert!(answer.status == 200 && answer.body == body, "{how}");
        let missing = client.post(&format!("/calls/{how}?of=none"), "").await;
        assert_eq!(missing.status, 500);
        let trapped = client
            .post(&format!("/calls/{how}?of=misbehave&path=/panic"), "")
            .await;
        assert_eq!(trapped.status, 502);
    }
}

/// An incomplete body is the callee's fault, and not the client's.
#[tokio::test]
async fn broken_bodies_are_the_callees() {
    let server = server().await;
    let client = Client::new(server.address());
    let path = "/calls/read?of=misbehave&path=/stream-then/panic";
    let answer = client.get(path).await;
    assert_eq!(answer.status, 502, "{}", answer.text());
    assert!(answer.text().contains("the response of an upstream"));
}

/// A function that never answers does not delay other awaited calls, and ends when it is dropped.
#[tokio::test]
async fn calls_overlap() {
    let server = server().await;
    let client = Client::new(server.address());
    let answer = client.get("/calls/race?of=misbehave").await;
    assert_eq!(answer.text(), "awake 200 unknown");
}

/// Bodies that arrive in pieces are complete, also several at once.
#[tokio::test]
async fn bodies_arrive_whole() {
    let server = server().await;
    let client = Client::new(server.address());
    let one: String = (1..=3)
        .map(|tick| format!("event: tick\nid: {tick}\ndata: tick {tick}\n\n"))
        .collect();
    for how in ["join", "join-text"] {
        let path = format!("/calls/{how}?of=events&path=/%3Fms%3D5%26count%3D3");
        let answer = client.get(&path).await;
        assert_eq!(answer.text(), format!("200 {one}\n").repeat(3), "{how}");
    }
}

/// An existing function has a URL.
#[tokio::test]
async fn functions_have_urls() {
    let server = server().await;
    let client = Client::new(server.address());
    let url = async |of: &str| {
        let answer = client.get(&format!("/calls/url?of={of}")).await;
        answer.text().to_owned()
    };
    let public = format!("Ok(Some(\"http://{}/greet\"))", server.address());
    assert_eq!(url("greet").await, format!("{public} {public}"));
    let none = "Err(NotFound(\"none\"))";
    assert_eq!(url("none").await, format!("{none} {none}"));
}

/// Each of many concurrent calls is answered or refused, and refused ones hold no handles.
#[tokio::test]
async fn refused_calls_hold_no_handles() {
    let server = server().await;
    let client = Client::new(server.address());
    let flood = async |of: &str| {
        client
            .get(&format!("/calls/flood?count=10000&of={of}"))
            .await
    };
    let answer = flood("echo").await;
    let counts = answer.text().split(' ').map(|count| count.parse().unwrap());
    let counts: Vec<usize> = counts.collect();
    assert!(counts[0] >= 16, "{counts:?}");
    assert_eq!(counts[0] + counts[1], 10_000, "{counts:?}");
    let invalid = flood("echo&path=/%23").await;
    assert_eq!((invalid.status.as_u16(), invalid.text()), (200, "0 0"));
}
