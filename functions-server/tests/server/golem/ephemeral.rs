//! Ephemeral components: each call gets an instance of its own.

use serde_json::{Value, json};
use test_guests::WORKER;

use super::support::{create, form, function, golem, id_of};
use crate::support::{Client, Running};

struct Called {
    client: Client,
    id: String,
}

impl Called {
    async fn start(running: &Running) -> Self {
        let client = golem(running).await;
        let component = create(&client, "once", "Ephemeral", WORKER).await;
        assert_eq!(component["componentType"], "Ephemeral");
        let id = id_of(&component);
        Self { client, id }
    }

    /// Calls a function of the worker `w`.
    async fn call(
        &self,
        client: &Client,
        name: &str,
        parameters: &[u64],
    ) -> crate::support::Answer {
        let (id, function) = (&self.id, function(name));
        let path = format!("/v1/components/{id}/workers/w/invoke-and-await?function={function}");
        client.post(&path, params(parameters)).await
    }
}

fn params(values: &[u64]) -> Value {
    let values: Vec<_> = values
        .iter()
        .map(|value| json!({ "value": value }))
        .collect();
    json!({ "params": values })
}

/// A call finds nothing of earlier ones, whatever its name and key are, and leaves no worker behind. One that
/// traps fails alone.
#[tokio::test(flavor = "multi_thread")]
async fn calls_leave_nothing_behind() {
    let running = Running::start().await;
    let called = Called::start(&running).await;
    let (client, id) = (&called.client, &called.id);
    for value in [5, 6] {
        let keyed = client.header("idempotency-key", "k");
        let added = called.call(&keyed, "add", &[value]).await.ok(200);
        assert_eq!(added["result"]["value"], json!([value]));
    }
    let trapped = called.call(client, "trap", &[]).await.ok(500);
    assert_eq!(trapped["golemError"]["type"], "RuntimeError");
    let exited = called.call(client, "exit", &[]).await.ok(500);
    assert_eq!(exited["golemError"]["details"], "Process exited");
    called.call(client, "add", &[1]).await.ok(200);
    let new = format!(
        "/v1/components/{id}/invoke-and-await?function={}",
        function("total")
    );
    let total = client.post(&new, params(&[])).await.ok(200);
    assert_eq!(total["result"]["value"], json!([0]));

    client
        .get(&format!("/v1/components/{id}/workers/w"))
        .await
        .ok(404);
    let all = client.get(&format!("/v1/components/{id}/workers")).await;
    assert_eq!(all.ok(200)["workers"], json!([]));
    let worker = json!({ "name": "w", "args": [], "env": {} });
    let created = client
        .post(&format!("/v1/components/{id}/workers"), worker)
        .await;
    assert!(
        created.ok(400)["errors"][0]
            .as_str()
            .unwrap()
            .contains("is ephemeral")
    );
}

/// An asynchronous call is kept by the queue, if it fits its function.
#[tokio::test(flavor = "multi_thread")]
async fn calls_can_be_queued() {
    let running = Running::start().await;
    let called = Called::start(&running).await;
    let (client, id) = (&called.client, &called.id);
    let path = |name| {
        format!(
            "/v1/components/{id}/workers/w/invoke?function={}",
            function(name)
        )
    };
    client.post(&path("add"), params(&[1, 2])).await.ok(400);
    assert_eq!(
        client.post(&path("add"), params(&[7])).await.ok(200),
        json!({})
    );
    let management = running.management();
    let ended = loop {
        let all = management.get("/v1/invocations").await.ok(200);
        let first = all["invocations"][0].clone();
        assert_ne!(first["state"], "failed", "{first}");
        if first["state"] == "succeeded" {
            break first;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    };
    assert_eq!(ended["function"], format!("worker:{id}"));
    assert_eq!(ended["attempts"], 1);
}

/// A worker of an earlier, durable version keeps its state; new names get instances of their own.
#[tokio::test(flavor = "multi_thread")]
async fn earlier_workers_stay() {
    let running = Running::start().await;
    let client = golem(&running).await;
    let id = id_of(&create(&client, "changes", "Durable", WORKER).await);
    let of = |worker| {
        let function = function("add");
        format!("/v1/components/{id}/workers/{worker}/invoke-and-await?function={function}")
    };
    client.post(&of("old"), params(&[1])).await.ok(200);
    let wasm = std::fs::read(WORKER).unwrap();
    let parts: [(&str, &[u8]); 2] = [("componentType", b"Ephemeral"), ("component", &wasm)];
    form(&client, &format!("/v1/components/{id}/updates"), &parts)
        .await
        .ok(200);
    for (worker, value) in [("old", 2), ("new", 1), ("new", 1), ("old", 3)] {
        let added = client.post(&of(worker), params(&[1])).await.ok(200);
        assert_eq!(added["result"]["value"], json!([value]), "{worker}");
    }
}
