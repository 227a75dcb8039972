//! The id that a trusted proxy gives a request whose client does not wait.

use std::time::{Duration, Instant};

use functions_server::ServerOptions;
use http::Method;
use serde_json::{Value, json};
use test_guests::MISBEHAVE;

use super::support::{Running, builder};

/// The id is in the invocation's document, in the function's log and in problem documents; without a trusted proxy
/// it is in none.
#[tokio::test(flavor = "multi_thread")]
async fn deferred_requests_keep_their_id() {
    for (builder, id) in [
        (builder().trusted_proxy("127.0.0.1"), json!("abc-1")),
        (builder(), Value::Null),
    ] {
        let running = Running::with(builder, ServerOptions::default()).await;
        let management = running.management();
        management.deploy("f", MISBEHAVE).await.ok(201);
        let client = running.functions().header("x-request-id", "abc-1");
        let deferring = client.header("prefer", "respond-async");
        let answer = deferring
            .send(Method::POST, "/f/print-both", "text/plain", "")
            .await;
        assert_eq!(answer.status, 202, "{}", answer.text());
        let path = answer.headers["location"].to_str().unwrap().to_owned();
        let deadline = Instant::now() + Duration::from_secs(60);
        let document = loop {
            let document = client.get(&path).await.ok(200);
            if document["state"] == "succeeded" {
                break document;
            }
            assert!(Instant::now() < deadline, "{document}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        assert_eq!(document["requestId"], id, "{document}");
        let number = path.rsplit('/').next().unwrap();
        let listed = management.get("/v1/invocations").await.ok(200);
        assert_eq!(listed["invocations"][0]["id"], number);
        assert_eq!(listed["invocations"][0]["requestId"], id, "{listed}");

        let mut lines = 0;
        while lines == 0 && Instant::now() < deadline {
            let found = management
                .get("/v1/functions/f/logs?invocation=abc-1")
                .await;
            lines = found.text().lines().count();
            if id.is_null() {
                break;
            }
        }
        assert_eq!(lines > 0, !id.is_null(), "{lines}");

        let missing = client.get("/-/invocations/none").await;
        assert_eq!(missing.ok(404)["requestId"], id);
        let refused = deferring.header("idempotency-key", "");
        let refused = refused.send(Method::POST, "/f/x", "text/plain", "").await;
        assert_eq!(refused.ok(400)["requestId"], id);
        running.stop().await;
    }
}
