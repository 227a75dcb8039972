//! Calls as their operator sees them, ends them and runs them again.

use functions_server::{DispatchOptions, ServerOptions};
use prost::Message as _;
use serde_json::json;

use super::support::{Endpoint, Scheduler, exit, poll};
use crate::support::{Running, builder};

/// A call that is cancelled ends with those below it, and may be run again.
#[tokio::test(flavor = "multi_thread")]
async fn cancelled_call_can_be_retried() {
    let endpoint = Endpoint::raw(|run, number| {
        let response = match (run.function.as_str(), number) {
            ("parent", 1) => poll(&["stuck", "stuck"], 2, ""),
            ("stuck", _) => return None,
            _ => exit(1, "done"),
        };
        Some(http::Response::new(response.encode_to_vec()))
    });
    let endpoint = endpoint.await;
    let scheduler = Scheduler::start().await;
    let admin = &scheduler.admin;
    let id = scheduler
        .dispatch(vec![endpoint.call("parent")])
        .await
        .remove(0);
    let shown = scheduler.wait(&id, "suspended").await;
    let child = shown["children"][0].as_str().unwrap().to_owned();
    scheduler.wait(&child, "running").await;
    let path = format!("/v1/dispatch/calls/{id}");
    let retry = format!("{path}/retry");
    assert_eq!(admin.post(&retry, json!({})).await.status, 409);
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(admin.delete(&path).await.status, 409);
    assert_eq!(scheduler.show(&child).await["state"], "cancelled");
    assert_eq!(admin.post(&retry, json!({})).await.status, 200);
    let shown = scheduler.wait(&id, "succeeded").await;
    assert_eq!(shown["attempts"].as_array().unwrap().len(), 2);
    for unknown in ["nobody", "%00"] {
        let path = format!("/v1/dispatch/calls/{unknown}");
        assert_eq!(admin.get(&path).await.status, 404);
        assert_eq!(admin.delete(&path).await.status, 404);
        let retried = admin.post(&format!("{path}/retry"), json!({})).await;
        assert_eq!(retried.status, 404);
    }
    assert_eq!(admin.get("/v1/dispatch/calls?state=lost").await.status, 400);
    scheduler.stop().await;
}

/// A call that has expired fails, whatever it waits for, and the calls below it end.
#[tokio::test(flavor = "multi_thread")]
async fn expired_call_fails() {
    let endpoint = Endpoint::answering(|run, _| match run.function.as_str() {
        "parent" => poll(&["failing"], 1, ""),
        _ => exit(6, ""),
    });
    let endpoint = endpoint.await;
    let scheduler = Scheduler::start().await;
    let expiring = |function: &str, nanos| super::support::Call {
        expiration: Some(prost_types::Duration { seconds: 0, nanos }),
        ..endpoint.call(function)
    };
    let calls = [
        ("failing", 500_000_000),
        ("parent", 900_000_000),
        ("failing", 0),
    ];
    let calls = calls.map(|(function, nanos)| expiring(function, nanos));
    let ids = scheduler.dispatch(calls.to_vec()).await;
    for id in &ids {
        let shown = scheduler.wait(id, "failed").await;
        assert_eq!(shown["error"], "the call expired", "{shown}");
    }
    let parent = scheduler.show(&ids[1]).await;
    let child = parent["children"][0].as_str().unwrap();
    scheduler.wait(child, "cancelled").await;
    scheduler.stop().await;
}

/// The attempt in flight when its call expires or is cancelled is listed, and so are those of the calls below.
#[tokio::test(flavor = "multi_thread")]
async fn attempts_in_flight_are_listed_at_the_end() {
    let endpoint = Endpoint::raw(|run, _| match run.function.as_str() {
        "parent" => Some(http::Response::new(poll(&["stuck"], 1, "").encode_to_vec())),
        _ => None,
    });
    let endpoint = endpoint.await;
    let scheduler = Scheduler::start().await;
    let expiring = super::support::Call {
        expiration: Some(prost_types::Duration {
            seconds: 0,
            nanos: 500_000_000,
        }),
        ..endpoint.call("stuck")
    };
    let calls = vec![expiring, endpoint.call("stuck"), endpoint.call("parent")];
    let ids = scheduler.dispatch(calls).await;
    let parent = scheduler.wait(&ids[2], "suspended").await;
    let child = parent["children"][0].as_str().unwrap().to_owned();
    for id in [&ids[1], &child] {
        scheduler.wait(id, "running").await;
    }
    for id in [&ids[1], &ids[2]] {
        let path = format!("/v1/dispatch/calls/{id}");
        assert_eq!(scheduler.admin.delete(&path).await.status, 204);
    }
    scheduler.wait(&ids[0], "failed").await;
    for (id, status, error) in [
        (&ids[0], "TIMEOUT", "the call expired"),
        (&ids[1], "UNSPECIFIED", "the call was cancelled"),
        (&child, "UNSPECIFIED", "the call was cancelled"),
    ] {
        let shown = scheduler.show(id).await;
        let attempts = shown["attempts"].as_array().unwrap();
        assert_eq!((attempts.len(), &shown["attempt_count"]), (1, &json!(1)));
        assert_eq!(attempts[0]["status"], status, "{shown}");
        assert_eq!(attempts[0]["error"], error, "{shown}");
        assert_eq!(attempts[0]["finished"], shown["finished"], "{shown}");
    }
    // The parent itself was not running.
    let parent = scheduler.show(&ids[2]).await;
    assert_eq!(parent["attempts"].as_array().unwrap().len(), 1);
    scheduler.stop().await;
}

/// A call that is retried gets as much time as it was dispatched with, however often.
#[tokio::test(flavor = "multi_thread")]
async fn retried_calls_get_their_first_time() {
    let endpoint = Endpoint::answering(|_, _| exit(7, "")).await;
    let scheduler = Scheduler::start().await;
    let call = super::support::Call {
        expiration: Some(prost_types::Duration {
            seconds: 2,
            nanos: 0,
        }),
        ..endpoint.call("f")
    };
    let id = scheduler.dispatch(vec![call]).await.remove(0);
    let retry = format!("/v1/dispatch/calls/{id}/retry");
    for _ in 0..3 {
        scheduler.wait(&id, "failed").await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let shown = scheduler.admin.post(&retry, json!({})).await.ok(200);
        let expires: jiff::Timestamp = shown["expires"].as_str().unwrap().parse().unwrap();
        let left = expires.duration_since(jiff::Timestamp::now()).as_millis();
        assert!(left <= 2000, "{left} ms: {shown}");
    }
    scheduler.stop().await;
}

/// Lists are pages, in the order in which calls were accepted, and of one state if that is asked for.
#[tokio::test(flavor = "multi_thread")]
async fn lists_are_pages() {
    let endpoint =
        Endpoint::answering(|run, _| exit(if run.function == "bad" { 7 } else { 1 }, ""));
    let endpoint = endpoint.await;
    let scheduler = Scheduler::start().await;
    let is_good = |at: usize| at.is_multiple_of(2);
    let calls = (0..7).map(|at| endpoint.call(if is_good(at) { "good" } else { "bad" }));
    let ids = scheduler.dispatch(calls.collect()).await;
    for (at, id) in ids.iter().enumerate() {
        let state = if is_good(at) { "succeeded" } else { "failed" };
        scheduler.wait(id, state).await;
    }
    let (mut listed, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/dispatch/calls?limit=3{after}");
        let page = scheduler.admin.get(&path).await.ok(200);
        let calls = page["calls"].as_array().unwrap().iter();
        listed.extend(calls.map(|call| call["id"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(listed, ids);
    let failed = scheduler
        .admin
        .get("/v1/dispatch/calls?state=failed")
        .await
        .ok(200);
    assert_eq!(failed["calls"].as_array().unwrap().len(), 3);
    scheduler.stop().await;
}

/// Calls are listed as asynchronous invocations, with the same id and state.
#[tokio::test(flavor = "multi_thread")]
async fn calls_are_invocations_too() {
    let endpoint =
        Endpoint::answering(|run, _| exit(if run.function == "bad" { 7 } else { 1 }, ""));
    let endpoint = endpoint.await;
    let scheduler = Scheduler::start().await;
    let admin = &scheduler.admin;
    let calls = ["good", "bad", "good"].map(|function| endpoint.call(function));
    let ids = scheduler.dispatch(calls.to_vec()).await;
    for (id, state) in ids.iter().zip(["succeeded", "failed", "succeeded"]) {
        scheduler.wait(id, state).await;
    }
    let (mut listed, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/invocations?limit=2{after}");
        let page = admin.get(&path).await.ok(200);
        let shown = page["invocations"].as_array().unwrap().iter();
        listed.extend(shown.map(|shown| shown["id"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    let mut latest_first = ids.clone();
    latest_first.sort_unstable_by(|one, other| other.cmp(one));
    assert_eq!(listed, latest_first);
    for (query, count) in [
        ("state=failed", 1),
        ("state=suspended", 0),
        ("function=good", 2),
    ] {
        let page = admin.get(&format!("/v1/invocations?{query}")).await.ok(200);
        assert_eq!(
            page["invocations"].as_array().unwrap().len(),
            count,
            "{query}"
        );
    }
    let bad = format!("/v1/invocations/{}", ids[1]);
    let shown = admin.get(&bad).await.ok(200);
    assert_eq!(
        (&shown["state"], &shown["function"]),
        (&json!("failed"), &json!("bad"))
    );
    assert_eq!(shown["result"], json!(null));
    assert!(
        shown["started"].is_string() && shown["finished"].is_string(),
        "{shown}"
    );
    assert_eq!(admin.delete(&bad).await.status, 409);
    let retried = admin.post(&format!("{bad}/retry"), json!({})).await;
    assert_eq!(retried.ok(200)["id"], json!(ids[1]));
    scheduler.stop().await;
}

/// A server that stops leaves its calls to the next one, which goes on where it stopped.
#[tokio::test(flavor = "multi_thread")]
async fn next_start_goes_on() {
    let endpoint = Endpoint::answering(|run, number| match (run.function.as_str(), number) {
        ("parent", 1) => poll(&["child"], 1, "kept"),
        ("child", 1..=2) => exit(6, "later"),
        _ => exit(1, "done"),
    });
    let endpoint = endpoint.await;
    let folder = tempfile::tempdir().unwrap();
    let options = || ServerOptions::default().data_dir(folder.path());
    let first = Scheduler::with(options(), DispatchOptions::default()).await;
    let token = json!({"name": "x", "scopes": ["admin"]});
    let token = first.admin.post("/v1/tokens", token).await.ok(201);
    let token = token["token"].as_str().unwrap().to_owned();
    let id = first
        .dispatch(vec![endpoint.call("parent")])
        .await
        .remove(0);
    let shown = first.wait(&id, "suspended").await;
    first
        .wait(shown["children"][0].as_str().unwrap(), "waiting")
        .await;
    first.stop().await;
    let running = Running::with(builder().allow_host("127.0.0.1"), options()).await;
    let second = Scheduler::of(running, &token, DispatchOptions::default()).await;
    let shown = second.wait(&id, "succeeded").await;
    assert_eq!(shown["attempts"].as_array().unwrap().len(), 2);
    second.stop().await;
}
