//! Asynchronous invocations.

use std::time::{Duration, Instant};

use functions_server::ServerOptions;
use http::Method;
use serde_json::{Value, json};
use test_guests::{ECHO, GREET, MISBEHAVE, PING};

use super::support::{Answer, Client, Running, builder, key};

/// Asks a function not to wait; returns the invocation's path.
pub(crate) async fn defer(client: &Client, path: &str, body: &str) -> String {
    let answer = try_defer(client, path, body).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    assert_eq!(answer.headers["preference-applied"], "respond-async");
    let location = answer.headers["location"].to_str().unwrap();
    assert_eq!(
        location,
        format!("/-/invocations/{}", answer.json()["id"].as_str().unwrap())
    );
    location.to_owned()
}

async fn try_defer(client: &Client, path: &str, body: &str) -> Answer {
    let client = client.header("prefer", "respond-async");
    client
        .send(Method::POST, path, "application/json", body.to_owned())
        .await
}

/// Waits until an invocation is in a state.
pub(crate) async fn wait_for(
    client: &Client,
    path: &str,
    wanted: impl Fn(&Value) -> bool,
) -> Value {
    let begun = Instant::now();
    loop {
        let document = client.get(path).await.ok(200);
        if wanted(&document) {
            return document;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{document}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn ended(client: &Client, path: &str) -> Value {
    wait_for(client, path, |document| !document["finished"].is_null()).await
}

/// A request is accepted at once, runs as it was sent, and what came of it can be read.
#[tokio::test(flavor = "multi_thread")]
async fn result_can_be_read_later() {
    let running = Running::start().await;
    let client = running.functions();
    running.management().deploy("greet", GREET).await.ok(201);
    let path = defer(&client, "/greet", r#"{"name":"Ada"}"#).await;
    let document = ended(&client, &path).await;
    assert_eq!(document["state"], "succeeded");
    assert_eq!(document["function"], "greet");
    assert_eq!(document["version"], 1);
    assert_eq!(document["attempts"], 1);
    assert_eq!(document["error"], Value::Null);
    let result = &document["result"];
    assert_eq!(result["status"], 200);
    assert_eq!(result["encoding"], "utf8");
    assert_eq!(result["body"], r#"{"message":"Hello, Ada!"}"#);
    let media = json!(["content-type", "application/json"]);
    assert!(
        result["headers"].as_array().unwrap().contains(&media),
        "{result}"
    );
    // Without the preference the client waits, as ever.
    let direct = client.post("/greet", json!({"name": "Bob"})).await.ok(200);
    assert_eq!(direct["message"], "Hello, Bob!");
    // An answer without success is a result too, and a body need not be text.
    running.management().deploy("echo", ECHO).await.ok(201);
    let invalid = defer(&client, "/greet", "{}").await;
    let invalid = ended(&client, &invalid).await;
    assert_eq!(
        (&invalid["state"], &invalid["attempts"]),
        (&json!("succeeded"), &json!(1))
    );
    assert!(
        invalid["result"]["status"].as_u64().unwrap() / 100 == 4,
        "{invalid}"
    );
    let bytes = client.header("prefer", "respond-async");
    let bytes = bytes
        .send(Method::POST, "/echo", "x/y", &b"\xff\x00"[..])
        .await;
    let bytes = ended(&client, bytes.headers["location"].to_str().unwrap()).await;
    assert_eq!(bytes["result"]["encoding"], "base64");
    assert_eq!(bytes["result"]["body"], "/wA=");
}

/// An attempt that never got room within its time limit, because requests of others had all of it, has not failed.
#[tokio::test(flavor = "multi_thread")]
async fn waiting_behind_clients_is_no_failure() {
    let running = Running::with(builder().concurrency(1, 1000), ServerOptions::default()).await;
    let management = running.management();
    for (name, file, settings) in [
        ("slow", MISBEHAVE, json!({"timeout": "1500ms"})),
        ("ping", PING, json!({"timeout": "100ms", "retries": 0})),
    ] {
        management.deploy(name, file).await.ok(201);
        let path = format!("/v1/functions/{name}/settings");
        management.put(&path, settings).await.ok(200);
    }
    let client = running.functions();
    let other = running.functions();
    let slow = tokio::spawn(async move { other.get("/slow/sleep").await.status });
    // Until the function holds the only place, others answer.
    while client.get("/ping").await.status == 200 {}
    let path = defer(&client, "/ping", "").await;
    let document = ended(&client, &path).await;
    assert_eq!(document["state"], "succeeded", "{document}");
    assert_eq!(document["attempts"], 1);
    assert_eq!(slow.await.unwrap(), 504);
}

/// Under one key, the same request is one invocation, and another request is refused.
#[tokio::test(flavor = "multi_thread")]
async fn keys_make_one_invocation() {
    let running = Running::start().await;
    running.management().deploy("greet", GREET).await.ok(201);
    let client = running.functions().header("idempotency-key", "order-1");
    let first = defer(&client, "/greet", r#"{"name":"Ada"}"#).await;
    ended(&client, &first).await;
    for _ in 0..3 {
        assert_eq!(defer(&client, "/greet", r#"{"name":"Ada"}"#).await, first);
    }
    try_defer(&client, "/greet", r#"{"name":"Bob"}"#)
        .await
        .problem(422);
    try_defer(&client, "/greet?x", r#"{"name":"Ada"}"#)
        .await
        .problem(422);
    running.management().deploy("other", GREET).await.ok(201);
    assert_ne!(defer(&client, "/other", r#"{"name":"Ada"}"#).await, first);
    let long = client.header("idempotency-key", &"k".repeat(255));
    defer(&long, "/greet", "{}").await;
    let long = client.header("idempotency-key", &"k".repeat(256));
    try_defer(&long, "/greet", "{}").await.problem(400);
}

/// What may not invoke a function is refused at once; so is a body that is too long, and an unknown name.
#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_immediate() {
    let running = Running::start().await;
    let client = running.functions();
    let management = running.management();
    try_defer(&client, "/nobody", "").await.problem(404);
    client.get("/-/invocations/0").await.problem(404);
    client
        .get(&format!("/-/invocations/{}", "0".repeat(32)))
        .await
        .problem(404);
    client.get("/-/other").await.problem(404);
    management.deploy("echo", ECHO).await.ok(201);
    let longest = "x".repeat(8 << 20);
    let path = defer(&client, "/echo", &longest).await;
    let document = ended(&client, &path).await;
    assert_eq!(
        document["result"]["body"].as_str().unwrap().len(),
        longest.len()
    );
    try_defer(&client, "/echo", &(longest + "x"))
        .await
        .problem(413);
    let settings = json!({"max_body": "10", "ingress": "token"});
    let admin = json!({"name": "admin", "scopes": ["admin"], "metadata": "user-1"});
    let token = management.post("/v1/tokens", admin).await.ok(201);
    let token = token["token"].as_str().unwrap();
    let admin = management.token(token);
    admin
        .patch("/v1/functions/echo/settings", settings)
        .await
        .ok(200);
    try_defer(&client, "/echo", "x").await.problem(401);
    try_defer(&client.token(token), "/echo", &"x".repeat(11))
        .await
        .problem(413);
    let path = defer(&client.token(token), "/echo", "0123456789").await;
    let document = ended(&client, &path).await;
    assert_eq!(document["result"]["body"], "0123456789");
    client.send(Method::POST, &path, "", "").await.problem(405);
}

/// A function that fails is tried again as its settings say, and is a dead letter then, which can be retried.
#[tokio::test(flavor = "multi_thread")]
async fn failures_are_retried() {
    let running = Running::start().await;
    let (client, management) = (running.functions(), running.management());
    management.deploy("f", MISBEHAVE).await.ok(201);
    let settings = json!({"retries": 2, "retry_backoff": "1ms"});
    management
        .patch("/v1/functions/f/settings", settings)
        .await
        .ok(200);
    let path = defer(&client, "/f/panic", "").await;
    let failed = ended(&client, &path).await;
    assert_eq!(
        (&failed["state"], &failed["attempts"]),
        (&json!("failed"), &json!(3))
    );
    assert_eq!(failed["error"], "the function failed");
    assert_eq!(failed["result"], Value::Null);
    let listed = management
        .get("/v1/invocations?state=failed&function=f")
        .await
        .ok(200);
    assert_eq!(listed["invocations"][0]["id"], failed["id"]);
    assert_eq!(listed["next"], Value::Null);
    let path = path.replace("/-/", "/v1/");
    assert_eq!(management.get(&path).await.ok(200), failed);
    management
        .patch("/v1/functions/f/settings", json!({"retries": 0}))
        .await
        .ok(200);
    let retried = management
        .post(&format!("{path}/retry"), json!({}))
        .await
        .ok(200);
    assert!(retried["attempts"].as_u64().unwrap() <= 1, "{retried}");
    let again = ended(&management, &path).await;
    assert_eq!(
        (&again["state"], &again["attempts"]),
        (&json!("failed"), &json!(1))
    );
    management.delete(&path).await.problem(409);
    // A success cannot be retried.
    let path = defer(&client, "/f/environment", "")
        .await
        .replace("/-/", "/v1/");
    assert_eq!(ended(&management, &path).await["state"], "succeeded");
    management
        .post(&format!("{path}/retry"), json!({}))
        .await
        .problem(409);
    management
        .get("/v1/invocations?state=broken")
        .await
        .problem(400);
    management
        .get("/v1/invocations?after=broken")
        .await
        .problem(400);
}

/// A retry that waits for long can be cancelled, and so can an attempt that runs.
#[tokio::test(flavor = "multi_thread")]
async fn invocations_can_be_cancelled() {
    let running = Running::start().await;
    let (client, management) = (running.functions(), running.management());
    management.deploy("f", MISBEHAVE).await.ok(201);
    let settings = json!({"retries": 1, "retry_backoff": "5m"});
    management
        .patch("/v1/functions/f/settings", settings)
        .await
        .ok(200);
    for (path, state) in [("/f/panic", "waiting"), ("/f/sleep", "running")] {
        let path = defer(&client, path, "").await;
        wait_for(&client, &path, |document| document["state"] == state).await;
        assert_eq!(client.delete(&path).await.status, 204);
        let document = client.get(&path).await.ok(200);
        assert_eq!(document["state"], "cancelled");
        client.delete(&path).await.problem(409);
    }
    let begun = Instant::now();
    loop {
        let function = management.get("/v1/functions/f").await.ok(200);
        if function["instances"]["running"] == 0 {
            break;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "it still runs: {function}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    client
        .delete(&format!("/-/invocations/{}", "0".repeat(32)))
        .await
        .problem(404);
}

/// A full queue refuses further invocations, until there is room again.
#[tokio::test(flavor = "multi_thread")]
async fn full_queue_refuses() {
    let options = ServerOptions::default().queue_capacity(2);
    let running = Running::with(builder(), options).await;
    let (client, management) = (running.functions(), running.management());
    for name in ["a", "b", "c"] {
        management.deploy(name, MISBEHAVE).await.ok(201);
        let settings = json!({"retry_backoff": "5m"});
        management
            .patch(&format!("/v1/functions/{name}/settings"), settings)
            .await
            .ok(200);
    }
    let mut paths = Vec::new();
    let with_key = client.header("idempotency-key", "first");
    for (client, name) in [(&with_key, "a"), (&client, "b")] {
        let path = defer(client, &format!("/{name}/panic"), "").await;
        wait_for(client, &path, |document| document["state"] == "waiting").await;
        paths.push(path);
    }
    let full = try_defer(&client, "/c/panic", "").await;
    assert_eq!(full.headers["retry-after"], "1");
    full.problem(429);
    // What was accepted is told again, since it needs no room.
    assert_eq!(defer(&with_key, "/a/panic", "").await, paths[0]);
    try_defer(&with_key, "/a/panic", "x").await.problem(422);
    let other_key = client.header("idempotency-key", "second");
    try_defer(&other_key, "/a/panic", "").await.problem(429);
    management.get("/v1/functions/a").await.ok(200);
}

/// A function that was deleted before its invocation ran ends it, and one that is deployed again runs it.
#[tokio::test(flavor = "multi_thread")]
async fn deleted_functions_end_their_invocations() {
    let running = Running::start().await;
    let (client, management) = (running.functions(), running.management());
    management.deploy("f", MISBEHAVE).await.ok(201);
    let settings = json!({"retry_backoff": "500ms"});
    management
        .patch("/v1/functions/f/settings", settings)
        .await
        .ok(200);
    let path = defer(&client, "/f/panic", "").await;
    wait_for(&client, &path, |document| document["state"] == "waiting").await;
    management.delete("/v1/functions/f").await;
    let document = ended(&client, &path).await;
    assert_eq!(document["state"], "failed");
    assert!(
        document["error"].as_str().unwrap().contains("deleted"),
        "{document}"
    );
}

/// What was accepted runs after a restart.
#[tokio::test(flavor = "multi_thread")]
async fn accepted_invocations_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let options = || {
        ServerOptions::default()
            .data_dir(folder.path())
            .secrets_key(key())
    };
    let running = Running::without_queue(builder(), options()).await;
    running.management().deploy("ping", PING).await.ok(201);
    let client = running.functions();
    let mut paths = Vec::new();
    for _ in 0..5 {
        paths.push(defer(&client, "/ping", "").await);
    }
    assert_eq!(client.get(&paths[0]).await.ok(200)["state"], "queued");
    running.stop().await;
    let running = Running::on(folder.path()).await;
    for path in paths {
        let document = ended(&running.functions(), &path).await;
        assert_eq!(
            (&document["state"], &document["attempts"]),
            (&json!("succeeded"), &json!(1))
        );
    }
}
