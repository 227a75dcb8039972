//! Calls with calls of their own, and endpoints that hold nobody else up.

use std::time::{Duration, Instant};

use functions_server::{DispatchOptions, ServerOptions, SigningKey};
use prost::Message as _;
use serde_json::json;
use test_guests::DISPATCH_ENDPOINT;

use super::support::{Call, Endpoint, Exit, RunResponse, Scheduler, any, call, exit, poll, text};

/// A poll's calls know their parent and root, and the call goes on with its state and their results.
#[tokio::test(flavor = "multi_thread")]
async fn poll_resumes_with_results() {
    let endpoint = Endpoint::answering(|run, number| match (run.function.as_str(), number) {
        ("root", 1) => poll(&["middle", "broken"], 2, "state\0"),
        ("middle", 1) => poll(&["leaf"], 1, "deep"),
        ("broken", _) => exit(7, ""),
        (name, _) => exit(1, name),
    });
    let endpoint = endpoint.await;
    let scheduler = Scheduler::start().await;
    let id = scheduler
        .dispatch(vec![endpoint.call("root")])
        .await
        .remove(0);
    let shown = scheduler.wait(&id, "succeeded").await;
    assert_eq!(shown["root"], id);
    let seen = endpoint.seen();
    let of = |name: &str| -> Vec<_> {
        let runs = seen.iter().map(|seen| &seen.run);
        runs.filter(|run| run.function == name).collect()
    };
    let root = of("root");
    assert_eq!((root[0].parent.as_str(), &root[0].root), ("", &id));
    assert_eq!(text(root[0].input.as_ref()), "root");
    let (created, expires) = (root[0].created.unwrap(), root[0].expires.unwrap());
    assert!(expires.seconds - created.seconds >= 24 * 3600 - 1);
    let middle = of("middle");
    assert_eq!((&middle[0].parent, &middle[0].root), (&id, &id));
    let leaf = of("leaf");
    assert_eq!((&leaf[0].parent, &leaf[0].root), (&middle[0].id, &id));

    let resumed = root[1].poll.as_ref().unwrap();
    assert_eq!(text(resumed.state.as_ref()), "state\0");
    let mut results: Vec<_> = resumed.results.iter().collect();
    results.sort_by_key(|result| result.correlation_id);
    assert_eq!(results[0].correlation_id, 100);
    assert_eq!(text(results[0].output.as_ref()), "middle");
    assert_eq!(results[0].dispatch_id, middle[0].id);
    let error = results[1].error.as_ref().unwrap();
    assert_eq!(results[1].correlation_id, 101);
    assert_eq!(
        (error.kind.as_str(), error.message.as_str()),
        ("status", "7")
    );

    assert_eq!(shown["children"].as_array().unwrap().len(), 2);
    let path = format!("/v1/dispatch/calls?root={id}");
    let tree = scheduler.admin.get(&path).await.ok(200);
    assert_eq!(tree["calls"].as_array().unwrap().len(), 4);
    scheduler.stop().await;
}

/// A call that goes on with the first result gets the others later. Calls that are refused are an error.
#[tokio::test(flavor = "multi_thread")]
async fn results_come_as_they_are_ready() {
    let endpoint = Endpoint::answering(|run, number| match (run.function.as_str(), number) {
        ("race", 1) => poll(&["fast", "slow"], 1, "1"),
        ("race", 2) => poll(&[], 1, "2"),
        ("refused", 1) => {
            let mut response = poll(&["fast", "fast"], 2, "1");
            response.poll.as_mut().unwrap().calls[1].endpoint = "bridge://x".to_owned();
            response
        }
        ("slow", 1) => exit(6, ""),
        (name, _) => exit(1, name),
    });
    let endpoint = endpoint.await;
    let scheduler = Scheduler::start().await;
    let calls = vec![endpoint.call("race"), endpoint.call("refused")];
    let ids = scheduler.dispatch(calls).await;
    scheduler.wait(&ids[0], "succeeded").await;
    let shown = scheduler.wait(&ids[1], "succeeded").await;
    assert_eq!(shown["children"], json!([]));
    let seen = endpoint.seen();
    let polls = |id: &str| -> Vec<_> {
        let runs = seen.iter().filter(|seen| seen.run.id == *id);
        runs.filter_map(|seen| seen.run.poll.clone()).collect()
    };
    let race = polls(&ids[0]);
    let name = |at: usize| text(race[at].results[0].output.as_ref());
    assert_eq!((race[0].results.len(), race[1].results.len()), (1, 1));
    assert_eq!((name(0), name(1)), ("fast".into(), "slow".into()));
    let refused = polls(&ids[1]);
    let error = refused[0].error.as_ref().unwrap();
    assert!(error.message.contains("bridge://x"), "{refused:?}");
    scheduler.stop().await;
}

/// A tail call takes the place of its call, also if the status asks for a retry.
#[tokio::test(flavor = "multi_thread")]
async fn tail_call_takes_the_place() {
    let endpoint = Endpoint::answering(|run, _| match run.function.as_str() {
        "first" => RunResponse {
            status: 6,
            exit: Some(Exit {
                result: None,
                tail_call: Some(Call {
                    function: "second".to_owned(),
                    input: Some(any("other")),
                    ..Call::default()
                }),
            }),
            poll: None,
        },
        _ => exit(1, "done"),
    });
    let endpoint = endpoint.await;
    let scheduler = Scheduler::start().await;
    let id = scheduler
        .dispatch(vec![endpoint.call("first")])
        .await
        .remove(0);
    let shown = scheduler.wait(&id, "succeeded").await;
    assert_eq!(shown["function"], "second");
    let seen = endpoint.seen();
    assert_eq!((seen.len(), &seen[1].run.id), (2, &id));
    assert_eq!(text(seen[1].run.input.as_ref()), "other");
    scheduler.stop().await;
}

/// A call that goes on without anything to wait for pauses ever longer. One that takes steps gets to its end.
#[tokio::test(flavor = "multi_thread")]
async fn calls_without_anything_to_wait_for_pause() {
    let tail = |function: &str, input: &str| RunResponse {
        status: 1,
        exit: Some(Exit {
            result: None,
            tail_call: Some(Call {
                function: function.to_owned(),
                input: Some(any(input)),
                ..Call::default()
            }),
        }),
        poll: None,
    };
    let endpoint = Endpoint::answering(move |run, number| match run.function.as_str() {
        "idle" => poll(&[], 1, ""),
        "refused" => {
            let mut response = poll(&["f"], 1, "");
            response.poll.as_mut().unwrap().calls[0].endpoint = "bridge://x".to_owned();
            response
        }
        "itself" => tail("itself", "itself"),
        _ if number > 10 => exit(1, ""),
        _ => tail("steps", &number.to_string()),
    });
    let endpoint = endpoint.await;
    let scheduler = Scheduler::start().await;
    let names = ["idle", "refused", "itself"];
    let looping = scheduler.dispatch(names.map(|name| endpoint.call(name)).to_vec());
    let looping = looping.await;
    let steps = scheduler.dispatch(vec![endpoint.call("steps")]).await;
    let begun = Instant::now();
    scheduler.wait(&steps[0], "succeeded").await;
    tokio::time::sleep(Duration::from_secs(2).saturating_sub(begun.elapsed())).await;
    let seen = endpoint.seen();
    for id in &looping {
        let runs: Vec<_> = seen.iter().filter(|seen| seen.run.id == *id).collect();
        assert!((4..=12).contains(&runs.len()), "{id}: {}", runs.len());
        let last = runs[runs.len() - 1].at - runs[runs.len() - 2].at;
        assert!(last > Duration::from_millis(35), "{id}: {last:?}");
    }
    scheduler.stop().await;
}

/// Endpoints that never answer, or fail, hold up neither another one nor their own calls that succeed.
#[tokio::test(flavor = "multi_thread")]
async fn bad_endpoints_hold_up_nobody() {
    let silent = Endpoint::raw(|_, _| None).await;
    let flaky = Endpoint::answering(|run, _| exit(if run.function == "bad" { 6 } else { 1 }, ""));
    let flaky = flaky.await;
    let options = DispatchOptions::default().concurrency(5);
    let scheduler = Scheduler::with(ServerOptions::default(), options).await;
    let mut calls = vec![silent.call("f"); 200];
    calls.extend(vec![call("http://127.0.0.1:1", "f"); 200]);
    calls.extend(vec![flaky.call("bad"); 200]);
    scheduler.dispatch(calls).await;
    for id in scheduler.dispatch(vec![flaky.call("good"); 50]).await {
        scheduler.wait(&id, "succeeded").await;
    }
    assert_eq!(silent.seen().len(), 5);
    let running = scheduler
        .admin
        .get("/v1/dispatch/calls?state=running&limit=1000");
    let running = running.await.ok(200);
    let running = running["calls"].as_array().unwrap().iter();
    assert_eq!(
        running
            .filter(|call| call["endpoint"] == silent.url())
            .count(),
        5
    );
    scheduler.stop().await;
}

/// A function of this host is called inside it, also a private one, and retried as any other.
#[tokio::test(flavor = "multi_thread")]
async fn own_functions_are_called_inside() {
    let scheduler = Scheduler::start().await;
    let settings = json!({"ingress": "private"}).to_string();
    let deployed = scheduler
        .admin
        .deploy_form("math", DISPATCH_ENDPOINT, "application/json", &settings)
        .await;
    assert_eq!(deployed.status, 201, "{}", deployed.text());
    let base = scheduler.running.functions().base().to_owned();
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    let input = json!({
        "@type": "type.googleapis.com/google.protobuf.Value",
        "value": {"numbers": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "last_from": now.as_secs_f64() + 2.0},
    });
    let endpoint = format!("{base}/math");
    let request = json!({"calls": [{"endpoint": endpoint, "function": "total", "input": input}]});
    let path = "/dispatch.sdk.v1.DispatchService/Dispatch";
    let answer = scheduler.api.post(path, request).await;
    assert_eq!(answer.headers["content-type"], "application/json");
    let id = answer.ok(200)["dispatchIds"][0]
        .as_str()
        .unwrap()
        .to_owned();
    let shown = scheduler.wait(&id, "succeeded").await;
    let children = shown["children"].as_array().unwrap();
    assert_eq!(
        (children.len(), shown["attempts"].as_array().unwrap().len()),
        (10, 2)
    );
    let last = scheduler.show(children[9].as_str().unwrap()).await;
    let attempts = last["attempts"].as_array().unwrap();
    assert!(attempts.len() > 1, "{last}");
    assert_eq!(attempts[0]["status"], "TEMPORARY_ERROR");

    let missing = vec![call(&format!("{base}/nobody"), "f")];
    let missing = scheduler.dispatch(missing).await.remove(0);
    let missing = scheduler.wait(&missing, "failed").await;
    assert_eq!(missing["attempts"][0]["status"], "NOT_FOUND");
    scheduler.stop().await;
}

/// Requests are signed with the key, and the SDK verifies them.
#[tokio::test(flavor = "multi_thread")]
async fn requests_are_signed() {
    let endpoint = Endpoint::answering(|_, _| exit(1, "")).await;
    let key = SigningKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    let public = functions_dispatch::VerificationKey::parse(&key.public_key()).unwrap();
    let options = DispatchOptions::default().signing_key(key);
    let scheduler = Scheduler::with(ServerOptions::default(), options).await;
    let id = scheduler.dispatch(vec![endpoint.call("f")]).await.remove(0);
    scheduler.wait(&id, "succeeded").await;
    let seen = endpoint.seen().remove(0);
    let url = format!("{}/dispatch.sdk.v1.FunctionService/Run", endpoint.url());
    let mut request = http::Request::post(url)
        .body(seen.run.encode_to_vec())
        .unwrap();
    *request.headers_mut() = seen.headers;
    let now = std::time::SystemTime::now();
    public.verify(&request, now).unwrap();
    request.body_mut().push(0);
    assert!(public.verify(&request, now).is_err());
    scheduler.stop().await;
}
