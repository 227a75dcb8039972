//! What a trusted reverse proxy says about a client.

use host_harness::{Builder, Harness, Record};
use http::Method;

use test_support::Recorded;
use test_support::client::{Answer, Client, whole};

fn builder() -> Builder {
    Harness::builder()
        .function("caller", test_guests::CALLER)
        .function("misbehave", test_guests::MISBEHAVE)
        .concurrency(16, 16)
}

/// The answer to a request over a socket, with headers as a proxy sets them; and the records meanwhile.
async fn ask(builder: Builder, path: &str) -> (Answer, Vec<Record>) {
    let recorded = Recorded::default();
    let harness = builder.output_sink(recorded.sink()).build().unwrap();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    let client = Client::new(server.address());
    let request = client
        .request(Method::GET, path)
        .header("x-forwarded-for", "198.51.100.9, 192.0.2.1")
        .header("x-request-id", "abc-1");
    let answer = client.send(request.body(whole("")).unwrap()).await;
    (answer, recorded.take())
}

/// Functions get the client's address from a trusted proxy, and still see its headers.
#[tokio::test]
async fn trusted_proxies_name_the_client() {
    let trusting = builder()
        .trusted_proxy("10.0.0.0/8")
        .trusted_proxy("127.0.0.1");
    let (answer, _) = ask(trusting, "/caller/show").await;
    let shown = answer.text();
    assert!(shown.contains("peer: Some(\"192.0.2.1:0\")\n"), "{shown}");
    assert!(shown.contains("x-request-id=abc-1\n"), "{shown}");
    assert!(
        shown.contains("x-forwarded-for=198.51.100.9, 192.0.2.1\n"),
        "{shown}"
    );
}

/// Without the setting, and from elsewhere, the headers mean nothing.
#[tokio::test]
async fn others_are_not_believed() {
    for builder in [builder(), builder().trusted_proxy("127.0.0.2/31")] {
        let (answer, records) = ask(builder, "/caller/show").await;
        let shown = answer.text();
        assert!(shown.contains("peer: Some(\"127.0.0.1:"), "{shown}");
        assert!(
            records.iter().all(|record| record.request.is_none()),
            "{records:?}"
        );
    }
}

/// The id of a request is in the records of all functions that it invokes, and in problem documents.
#[tokio::test]
async fn request_ids_are_logged() {
    let trusting = || builder().trusted_proxy("127.0.0.1");
    let (answer, records) = ask(trusting(), "/caller/call/caller/show").await;
    assert_eq!(answer.status, 200);
    let of: Vec<_> = records
        .iter()
        .map(|record| record.request.as_deref())
        .collect();
    assert_eq!(of, [Some("abc-1")]);
    assert!(records[0].invocation.to_string().ends_with(".1"));

    let (answer, _) = ask(trusting(), "/misbehave/panic").await;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.problem("requestId"), "abc-1");
    assert_eq!(answer.problem("invocationId").len(), 32);
    let (answer, _) = ask(builder(), "/misbehave/panic").await;
    assert!(!answer.text().contains("requestId"), "{}", answer.text());
}

/// An invalid network is refused with what is expected.
#[test]
fn invalid_networks_are_refused() {
    let refused = builder().trusted_proxy("10.0.0.0/33").build().unwrap_err();
    assert_eq!(
        refused.to_string(),
        "invalid network in --trusted-proxy \"10.0.0.0/33\": expected ADDRESS or ADDRESS/BITS, such as \
         127.0.0.1 or 10.0.0.0/8"
    );
}
