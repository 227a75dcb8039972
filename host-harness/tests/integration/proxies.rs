//! What a trusted reverse proxy says about a client.

use std::path::Path;

use host_harness::{Builder, FunctionSettings, Harness, Ingress, Record};
use http::Method;

use test_support::Recorded;
use test_support::client::{Answer, Client, whole};
use test_support::wire::Wire;

fn builder() -> Builder {
    Harness::builder()
        .function("caller", test_guests::CALLER)
        .function("echo", test_guests::ECHO)
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

/// The id of a request is in the problem documents of requests that start no invocation.
#[tokio::test]
async fn request_ids_are_in_refusals() {
    let harness = builder()
        .trusted_proxy("127.0.0.1")
        .max_body(10)
        .build()
        .unwrap();
    let mut settings = FunctionSettings::default();
    settings.ingress = Ingress::Private;
    harness
        .deploy("private", Path::new(test_guests::PING), settings)
        .await
        .unwrap();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    let id = "host: localhost\r\nx-request-id: abc-1\r\n";
    for (status, request) in [
        (404, format!("GET /unknown HTTP/1.1\r\n{id}\r\n")),
        (404, format!("GET /private HTTP/1.1\r\n{id}\r\n")),
        (400, format!("GET /caller HTTP/1.1\r\nhost: b\r\n{id}\r\n")),
        (
            413,
            format!("POST /misbehave HTTP/1.1\r\n{id}content-length: 11\r\n\r\n"),
        ),
        (
            413,
            format!(
                "POST /misbehave/collect HTTP/1.1\r\n{id}transfer-encoding: chunked\r\n\r\nb\r\n12345678901\r\n0\r\n\r\n"
            ),
        ),
        (
            400,
            format!("POST /echo HTTP/1.1\r\n{id}transfer-encoding: chunked\r\n\r\nzz\r\n"),
        ),
    ] {
        let mut wire = Wire::saying(server.address(), &request).await;
        let answer = wire.until("}").await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
        assert!(
            answer.contains("\"requestId\":\"abc-1\""),
            "{request}{answer}"
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
