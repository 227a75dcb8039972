//! Asynchronous invocations that wait for room on the node, and functions that run few invocations at once.

use std::time::{Duration, Instant};

use functions_server::ServerledgeOptions;
use http::Method;
use serde_json::{Value, json};
use test_guests::{COMMAND, PING};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::queue::wait_for;
use super::serverledge::{polled, post};
use super::serverledge_commands::{create, definition, invoke};
use super::support::{Client, Running};

fn command() -> Vec<u8> {
    std::fs::read(COMMAND).unwrap()
}

/// Accepts an invocation; returns its request id.
async fn accept(client: &Client, name: &str, action: &str) -> String {
    let body = json!({"Params": {"do": action}, "Async": true});
    let accepted = invoke(client, name, body).await.ok(200);
    accepted["ReqId"].as_str().unwrap().to_owned()
}

/// The invocations of a function in a state, the latest first.
async fn listed(management: &Client, function: &str, state: &str) -> Vec<Value> {
    let path = format!("/v1/invocations?function={function}&state={state}");
    let list = management.get(&path).await.ok(200);
    list["invocations"].as_array().unwrap().clone()
}

/// Waits until so many invocations of a function are in a state.
async fn wait_until(management: &Client, function: &str, state: &str, count: usize) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let found = listed(management, function, state).await;
        if found.len() == count {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{found:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// An invocation that only waits for room has not begun, and keeps none of other functions from running. It runs
/// once there is room, and says how long it waited.
#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_room_is_no_attempt() {
    let running = Running::start().await;
    let options = ServerledgeOptions::default().memory_mb(64);
    let client = running.serverledge(options).await;
    let management = running.management();
    management.deploy("ping", PING).await.ok(201);
    for name in ["holds", "a", "b", "c", "d"] {
        create(&client, definition(name, &command(), "", ""))
            .await
            .ok(200);
    }
    accept(&client, "holds", "sleep").await;
    let holding = wait_until(&management, "holds", "running", 1).await;
    let mut waiting = Vec::new();
    for name in ["a", "b", "c", "d", "a", "b", "c", "d"] {
        waiting.push(accept(&client, name, "both").await);
    }
    // More than run at once in all.
    let begun = Instant::now();
    let others = running.functions().header("prefer", "respond-async");
    for _ in 0..3 {
        let deferred = others.send(Method::POST, "/ping", "", "").await;
        let location = deferred.headers["location"].to_str().unwrap().to_owned();
        wait_for(&others, &location, |document| {
            document["state"] == "succeeded"
        })
        .await;
    }
    for name in ["a", "b", "c", "d"] {
        let found = listed(&management, name, "queued").await;
        assert_eq!(found.len(), 2, "{found:?}");
        for invocation in found {
            assert_eq!(invocation["attempts"], 0, "{invocation}");
            assert_eq!(invocation["started"], Value::Null, "{invocation}");
        }
    }
    assert_eq!(invoke(&client, "a", json!({})).await.status, 429);
    // One that is cancelled takes no place.
    let cancelled = listed(&management, "a", "queued").await;
    let id = cancelled[0]["id"].as_str().unwrap();
    management.delete(&format!("/v1/invocations/{id}")).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let waited = begun.elapsed().as_secs_f64();
    let id = holding[0]["id"].as_str().unwrap();
    management.delete(&format!("/v1/invocations/{id}")).await;
    for (number, id) in waiting.iter().enumerate() {
        let report = polled(&client, id).await;
        if number == 4 {
            assert_eq!(report["Success"], false, "{report}");
            continue;
        }
        assert_eq!(report["Result"], "to stdout", "{report}");
        let time = |key: &str| report[key].as_f64().unwrap();
        assert!(time("QueueingTime") >= waited, "{report}");
        assert!(time("InitTime") < time("QueueingTime"), "{report}");
        let sum = time("QueueingTime") + time("InitTime") + time("Duration");
        assert!((time("ResponseTime") - sum).abs() < 1e-6, "{report}");
    }
    for name in ["a", "b", "c", "d"] {
        for invocation in listed(&management, name, "succeeded").await {
            assert_eq!(invocation["attempts"], 1, "{invocation}");
        }
    }
}

/// A large function runs although small ones come all the time: they leave it the room that they free.
#[tokio::test(flavor = "multi_thread")]
async fn large_functions_run_among_small_ones() {
    let running = Running::start().await;
    let options = ServerledgeOptions::default().memory_mb(128);
    let client = running.serverledge(options).await;
    create(&client, definition("small", &command(), "", ""))
        .await
        .ok(200);
    let mut large = definition("large", &command(), "", "");
    large["MemoryMB"] = 128.into();
    create(&client, large).await.ok(200);
    let small = |offset: u64| {
        let client = client.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(offset)).await;
            loop {
                invoke(&client, "small", json!({"Params": {"do": "nap"}})).await;
            }
        })
    };
    // One of them runs at any time.
    let load = [small(0), small(500), small(250), small(750)];
    tokio::time::sleep(Duration::from_millis(1000)).await;
    let id = accept(&client, "large", "both").await;
    let report = polled(&client, &id).await;
    assert_eq!(report["Success"], true, "{report}");
    load.iter().for_each(tokio::task::JoinHandle::abort);
}

/// The time limit of an invocation does not run while the function runs as many as it may.
#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_the_functions_own_slots_is_not_limited() {
    let running = Running::start().await;
    let client = running.serverledge(ServerledgeOptions::default()).await;
    let management = running.management();
    create(&client, definition("one", &command(), "", ""))
        .await
        .ok(200);
    let settings = json!({"concurrency": 1, "timeout": "1900ms"});
    management
        .patch("/v1/functions/one/settings", settings)
        .await
        .ok(200);
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(accept(&client, "one", "nap").await);
    }
    let others = running.functions().header("prefer", "respond-async");
    let nap = json!({"do": "nap"});
    let deferred = others.post("/one", nap).await;
    let location = deferred.headers["location"].to_str().unwrap();
    for id in ids {
        let report = polled(&client, &id).await;
        assert_eq!(report["Success"], true, "{report}");
    }
    let document = wait_for(&others, location, |document| {
        !document["finished"].is_null()
    })
    .await;
    assert_eq!(
        (&document["state"], &document["attempts"]),
        (&json!("succeeded"), &json!(1)),
        "{document}"
    );
}

/// Uploads that do not go on keep no others from being created, and are given up.
#[tokio::test(flavor = "multi_thread")]
async fn idle_uploads_hold_up_nobody() {
    let running = Running::start().await;
    let client = running.serverledge(ServerledgeOptions::default()).await;
    let address = client.base().strip_prefix("http://").unwrap();
    let mut idle = Vec::new();
    // Also as long ones, of which few are read at once.
    for sent in [1, 1, 9 << 20, 9 << 20] {
        let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /create HTTP/1.1\r\nhost: {address}\r\ncontent-length: {}\r\n\r\n",
            10 << 20
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        connection.write_all(&vec![b' '; sent]).await.unwrap();
        idle.push(connection);
    }
    let begun = Instant::now();
    let body = definition("ping", &std::fs::read(PING).unwrap(), "", "");
    create(&client, body).await.ok(200);
    post(&client, "/invoke/ping", "").await.ok(200);
    assert!(begun.elapsed() < Duration::from_secs(60));
    let mut answer = [0; 12];
    idle[0].read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
}
