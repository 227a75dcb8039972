//! What calls may make of calls: as much as the token that dispatched their root, and no more than there is
//! room for.

use std::time::{Duration, Instant};

use functions_server::{DispatchOptions, ServerOptions};
use prost::Message as _;
use serde_json::json;

use super::support::{
    Call, CallResult, Endpoint, Error, Exit, Poll, Run, RunResponse, Scheduler, call, exit, ids,
    poll, send,
};
use crate::support::Client;

/// Answers with the kind of the error that a poll was refused with.
fn refused(run: &Run) -> RunResponse {
    let error = run.poll.as_ref().and_then(|poll| poll.error.clone());
    exit(
        1,
        &error.map_or_else(|| "accepted".to_owned(), |error| error.kind),
    )
}

/// A token for some functions of this host is for no others further down, neither by a poll nor by a tail call.
#[tokio::test(flavor = "multi_thread")]
async fn limited_token_limits_the_whole_tree() {
    let scheduler = Scheduler::start().await;
    let base = scheduler.running.functions().base().to_owned();
    let token = json!({"name": "d", "scopes": ["dispatch"], "functions": ["own"]});
    let token = scheduler.admin.post("/v1/tokens", token).await.ok(201);
    let secret = call(&format!("{base}/secret"), "f");
    let endpoint = Endpoint::answering(move |run, number| match (run.function.as_str(), number) {
        ("poll", 1) => RunResponse {
            poll: Some(Poll {
                calls: vec![secret.clone()],
                ..poll(&[], 1, "").poll.unwrap()
            }),
            ..poll(&[], 1, "")
        },
        ("tail", _) => RunResponse {
            status: 1,
            exit: Some(Exit {
                result: None,
                tail_call: Some(secret.clone()),
            }),
            poll: None,
        },
        // The call below hands the rest on.
        ("deep", 1) => poll(&["poll"], 1, ""),
        _ => refused(run),
    });
    let endpoint = endpoint.await;
    let api = Client::new(scheduler.api.base().to_owned());
    let api = api.token(token["token"].as_str().unwrap());
    let calls = ["poll", "tail", "deep"].map(|function| endpoint.call(function));
    let dispatched = ids(send(&api, calls.to_vec()).await);
    scheduler.wait(&dispatched[0], "succeeded").await;
    let tail = scheduler.wait(&dispatched[1], "failed").await;
    assert_eq!(tail["attempts"][0]["status"], "PERMISSION_DENIED");
    scheduler.wait(&dispatched[2], "succeeded").await;
    let resumed = endpoint.seen().into_iter().map(|seen| seen.run);
    let errors: Vec<_> = resumed
        .filter(|run| run.function == "poll")
        .filter_map(|run| run.poll?.error)
        .map(|error| error.kind)
        .collect();
    assert_eq!(errors, ["permission_denied"; 2]);
    scheduler.stop().await;
}

/// Of what an endpoint says of its failure, as much is shown as somebody reads.
#[tokio::test(flavor = "multi_thread")]
async fn texts_of_errors_are_cut() {
    let endpoint = Endpoint::answering(|_, _| {
        let error = Error {
            kind: "Large".to_owned(),
            message: "x".repeat(5_000_000),
        };
        let result = CallResult {
            error: Some(error),
            ..CallResult::default()
        };
        RunResponse {
            status: 7,
            exit: Some(Exit {
                result: Some(result),
                tail_call: None,
            }),
            poll: None,
        }
    });
    let endpoint = endpoint.await;
    let scheduler = Scheduler::start().await;
    let call = scheduler.dispatch(vec![endpoint.call("f")]).await;
    let shown = scheduler.wait(&call[0], "failed").await.to_string();
    assert!(
        shown.contains("Large: xxx") && shown.len() < 5000,
        "{}",
        shown.len()
    );
    scheduler.stop().await;
}

/// Calls below others count towards the room that there is.
#[tokio::test(flavor = "multi_thread")]
async fn polls_are_refused_without_room() {
    let endpoint = Endpoint::answering(|run, number| match number {
        1 => poll(&["child"; 20], 20, ""),
        _ => refused(run),
    });
    let endpoint = endpoint.await;
    let options = DispatchOptions::default().capacity(10);
    let scheduler = Scheduler::with(ServerOptions::default(), options).await;
    let root = scheduler.dispatch(vec![endpoint.call("root")]).await;
    scheduler.wait(&root[0], "succeeded").await;
    let seen = endpoint.seen();
    let error = seen[1].run.poll.clone().unwrap().error.unwrap();
    assert_eq!((seen.len(), error.kind.as_str()), (2, "resource_exhausted"));
    let many = vec![Call::clone(&endpoint.call("root")); 11];
    let refused = scheduler.send(many).await.ok(429);
    let message = refused["message"].as_str().unwrap();
    assert!(message.contains("--dispatch-capacity"), "{refused}");
    scheduler.stop().await;
}

/// Calls that poll at once share the room that there is.
#[tokio::test(flavor = "multi_thread")]
async fn polls_at_once_share_the_room() {
    const CAPACITY: usize = 60;
    const ROOTS: usize = 50;
    let all = std::sync::Barrier::new(ROOTS);
    let endpoint = Endpoint::raw(move |run, number| {
        let response = match (run.function.as_str(), number) {
            ("root", 1) => {
                tokio::task::block_in_place(|| all.wait());
                poll(&["stuck"; 4], 4, "")
            }
            ("root", _) => refused(run),
            _ => return None,
        };
        Some(http::Response::new(response.encode_to_vec()))
    });
    let endpoint = endpoint.await;
    let options = DispatchOptions::default().capacity(CAPACITY);
    let scheduler = Scheduler::with(ServerOptions::default(), options).await;
    let roots = scheduler.dispatch(vec![endpoint.call("root"); ROOTS]).await;
    // Those that were refused end, and the others wait.
    let deadline = Instant::now() + Duration::from_secs(30);
    let unfinished = loop {
        let calls = scheduler.admin.get("/v1/dispatch/calls?limit=1000").await;
        let calls = calls.ok(200)["calls"].as_array().unwrap().clone();
        let in_state = |state: &str| calls.iter().filter(|call| call["state"] == state).count();
        if in_state("succeeded") + in_state("suspended") == roots.len() {
            break calls.len() - in_state("succeeded");
        }
        assert!(Instant::now() < deadline, "{calls:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!((5..=CAPACITY).contains(&unfinished), "{unfinished}");
    scheduler.stop().await;
}

/// Clients leave room for the calls of those that have begun.
#[tokio::test(flavor = "multi_thread")]
async fn clients_cannot_take_the_room_of_children() {
    let endpoint = Endpoint::raw(|run, number| {
        let response = match (run.function.as_str(), number) {
            ("root", 1) => poll(&["child"; 2], 2, ""),
            // Until the retry, nothing ends.
            ("child", 1) => exit(6, ""),
            ("root" | "child", _) => refused(run),
            _ => return None,
        };
        Some(http::Response::new(response.encode_to_vec()))
    });
    let endpoint = endpoint.await;
    let options = DispatchOptions::default().capacity(40);
    let scheduler = Scheduler::with(ServerOptions::default(), options).await;
    let mut calls = vec![endpoint.call("stuck"); 37];
    calls.push(endpoint.call("root"));
    let ids = scheduler.dispatch(calls).await;
    let refused = scheduler.send(vec![endpoint.call("stuck")]).await.ok(429);
    assert_eq!(refused["code"], "resource_exhausted", "{refused}");
    let root = scheduler.wait(&ids[37], "succeeded").await;
    assert_eq!(root["children"].as_array().unwrap().len(), 2, "{root}");
    scheduler.stop().await;
}
