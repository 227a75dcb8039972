//! What functions print and log.

use std::time::Duration;

use http_body_util::BodyExt as _;
use serde_json::Value;

use crate::support::{Client, Running};

/// Waits for lines, which are written after the function has answered.
async fn lines(client: &Client, query: &str, at_least: usize) -> Vec<Value> {
    for _ in 0..3000 {
        let answer = client.get(&format!("/v1/functions/f/logs{query}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.headers["content-type"], "application/x-ndjson");
        let lines: Vec<Value> = answer
            .text()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        if lines.len() >= at_least {
            return lines;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the lines never came");
}

/// Lines are readable soon after they were printed, by invocation and level, and survive a restart.
#[tokio::test(flavor = "multi_thread")]
async fn lines_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::on(folder.path()).await;
    let (management, functions) = (running.management(), running.functions());
    management.deploy("f", test_guests::MISBEHAVE).await.ok(201);
    assert!(lines(&management, "", 0).await.is_empty());
    functions.get("/f/print-both").await;
    functions.get("/f/log").await;
    // Three printed lines, and records of the levels from `info`.
    let all = lines(&management, "", 6).await;
    assert!(
        all.iter()
            .all(|line| line["function"] == "f" && line["timestamp"].is_string()),
        "{all:?}"
    );
    let streams: Vec<_> = all
        .iter()
        .filter_map(|line| line["stream"].as_str())
        .collect();
    assert!(
        streams.contains(&"stdout") && streams.contains(&"stderr"),
        "{all:?}"
    );
    let id = all[0]["invocation"].as_str().unwrap().to_owned();
    let of = lines(&management, &format!("?invocation={id}"), 3).await;
    assert!(of.len() < all.len() && of.iter().all(|line| line["invocation"] == id.as_str()));
    let errors = lines(&management, "?level=error", 2).await;
    assert!(
        errors
            .iter()
            .all(|line| line["level"] == "error" || line["stream"] == "stderr"),
        "{errors:?}"
    );
    assert!(
        lines(&management, "?since=2999-01-01T00:00:00Z", 0)
            .await
            .is_empty()
    );
    assert_eq!(lines(&management, "?since=1h", 6).await.len(), all.len());
    for bad in ["since=soon", "level=loud", "follow=yes", "tail=3"] {
        management
            .get(&format!("/v1/functions/f/logs?{bad}"))
            .await
            .problem(400);
    }
    management.get("/v1/functions/none/logs").await.problem(404);
    running.stop().await;

    let running = Running::on(folder.path()).await;
    let management = running.management();
    assert_eq!(lines(&management, "", 6).await.len(), all.len());
    management.delete("/v1/functions/f").await.ok(204);
    management.deploy("f", test_guests::MISBEHAVE).await.ok(201);
    running.functions().get("/f/print").await;
    let new = lines(&management, "", 1).await;
    assert!(
        !new.iter().any(|line| line["invocation"] == id.as_str()),
        "{new:?}"
    );
}

/// Who follows gets lines as they are printed, and does not keep the server from stopping.
#[tokio::test(flavor = "multi_thread")]
async fn lines_are_followed() {
    let running = Running::start().await;
    let (management, functions) = (running.management(), running.functions());
    management.deploy("f", test_guests::MISBEHAVE).await.ok(201);
    let mut followed = management.stream("/v1/functions/f/logs?follow=true").await;
    for _ in 0..3 {
        functions.get("/f/print").await;
        let frame = tokio::time::timeout(Duration::from_secs(60), followed.frame()).await;
        let data = frame.unwrap().unwrap().unwrap().into_data().unwrap();
        let line: Value =
            serde_json::from_slice(data.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
        assert_eq!(line["function"], "f", "{line}");
    }
    tokio::time::timeout(Duration::from_secs(60), running.stop())
        .await
        .unwrap();
    while let Some(frame) = followed.frame().await {
        frame.unwrap();
    }
}

/// Who may no longer read does not go on: here, nobody without a token once there is one.
#[tokio::test(flavor = "multi_thread")]
async fn following_ends_with_the_right_to_it() {
    let running = Running::start().await;
    let management = running.management();
    management.deploy("f", test_guests::MISBEHAVE).await.ok(201);
    let mut followed = management.stream("/v1/functions/f/logs?follow=true").await;
    let admin = serde_json::json!({"name": "admin", "scopes": ["admin"]});
    management.post("/v1/tokens", admin).await.ok(201);
    let ended = async {
        while let Some(frame) = followed.frame().await {
            frame.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(60), ended)
        .await
        .unwrap();
}
