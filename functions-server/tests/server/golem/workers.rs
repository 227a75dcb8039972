//! Workers over HTTP: calls, keys, and what is left after a restart.

use http::Method;
use serde_json::{Value, json};
use test_guests::WORKER;

use super::support::{create, function, golem, id_of};
use crate::support::Running;

/// The state of a worker survives a restart of the server, and so does the answer to a key.
#[tokio::test(flavor = "multi_thread")]
async fn worker_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::on(folder.path()).await;
    let client = golem(&running).await;
    let id = id_of(&create(&client, "kept", "Durable", WORKER).await);
    let worker = format!("/v1/components/{id}/workers/w1");
    let add = format!("{worker}/invoke-and-await?function={}", function("add"));
    let typed = json!({ "params": [{ "typ": { "type": "U64" }, "value": 5 }] });
    let result = json!({ "result": {
        "typ": { "type": "Tuple", "items": [{ "type": "U64" }] },
        "value": [5],
    } });
    let keyed = client.header("idempotency-key", "order-17");
    assert_eq!(keyed.post(&add, typed.clone()).await.ok(200), result);
    let untyped = json!({ "params": [{ "value": 2 }] });
    let second = client.post(&add, untyped.clone()).await.ok(200);
    assert_eq!(second["result"]["value"], json!([7]));
    let queued = format!("{worker}/invoke?function={}", function("add"));
    assert_eq!(client.post(&queued, untyped).await.ok(200), json!({}));
    running.stop().await;

    let running = Running::on(folder.path()).await;
    let client = golem(&running).await;
    let keyed = client.header("idempotency-key", "order-17");
    assert_eq!(keyed.post(&add, typed).await.ok(200), result);
    let total = format!("{worker}/invoke-and-await?function={}", function("total"));
    let none = json!({ "params": [] });
    let total = client.post(&total, none).await.ok(200);
    assert_eq!(total["result"]["value"], json!([9]));
    let object = client.get(&worker).await.ok(200);
    assert_eq!(object["status"], "Idle");
    assert_eq!(object["pendingInvocationCount"], 0);
    let id_of_worker = json!({ "componentId": id, "workerName": "w1" });
    assert_eq!(object["workerId"], id_of_worker);
    let list = client.get(&format!("/v1/components/{id}/workers")).await;
    assert_eq!(list.ok(200), json!({ "workers": [object], "cursor": null }));
    assert_eq!(client.delete(&worker).await.ok(200), json!({}));
    client.get(&worker).await.ok(404);
}

/// A call that does not fit the component is refused, and makes no worker.
#[tokio::test(flavor = "multi_thread")]
async fn bad_call_makes_no_worker() {
    let running = Running::start().await;
    let client = golem(&running).await;
    let id = id_of(&create(&client, "kept", "Durable", WORKER).await);
    let worker = format!("/v1/components/{id}/workers/w1");
    let bodies: [(&str, Value); 5] = [
        ("add", json!({ "params": [] })),
        ("add", json!({ "params": [{ "value": "x" }] })),
        (
            "add",
            json!({ "params": [{ "typ": { "type": "U8" }, "value": 300 }] }),
        ),
        ("nothing", json!({ "params": [] })),
        ("add", json!({})),
    ];
    for (name, body) in bodies {
        let path = format!("{worker}/invoke-and-await?function={}", function(name));
        let refused = client.post(&path, body).await.ok(400);
        assert!(refused["errors"][0].is_string(), "{refused}");
    }
    let no_json = client.send(Method::POST, &worker, "", "").await;
    assert_eq!(no_json.status, 405);
    client.get(&worker).await.ok(404);
    let unknown = "/v1/components/00000000-0000-4000-8000-000000000000";
    let path = format!("{unknown}/workers/w/invoke-and-await?function=ping");
    let none = json!({ "params": [] });
    let missing = client.post(&path, none).await.ok(404);
    assert!(
        missing["error"]
            .as_str()
            .unwrap()
            .contains("Component not found")
    );
}

/// A trap is the caller's answer, and later ones hear of it.
#[tokio::test(flavor = "multi_thread")]
async fn worker_that_traps_says_so() {
    let running = Running::start().await;
    let client = golem(&running).await;
    let id = id_of(&create(&client, "kept", "Durable", WORKER).await);
    let call = |name: &str| {
        let function = function(name);
        format!("/v1/components/{id}/workers/w1/invoke-and-await?function={function}")
    };
    let none = json!({ "params": [] });
    let trapped = client.post(&call("trap"), none.clone()).await.ok(500);
    let error = &trapped["golemError"];
    assert_eq!(error["type"], "RuntimeError");
    assert!(error["details"].as_str().unwrap().contains("told to panic"));
    let later = client.post(&call("total"), none).await.ok(500);
    assert_eq!(later["golemError"]["type"], "PreviousInvocationFailed");
    let object = client
        .get(&format!("/v1/components/{id}/workers/w1"))
        .await
        .ok(200);
    assert_eq!(object["status"], "Failed");
    assert!(
        object["lastError"]
            .as_str()
            .unwrap()
            .contains("told to panic")
    );
}
