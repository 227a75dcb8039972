//! What a scheduler accepts, and from whom.

use functions_server::{DispatchOptions, ServerOptions};
use http::Method;
use prost::Message as _;
use serde_json::json;

use super::support::{Call, DispatchRequest, Scheduler, any, call, ids, send};
use crate::support::Client;

const PATH: &str = "/dispatch.sdk.v1.DispatchService/Dispatch";

fn valid() -> Call {
    call("http://127.0.0.1:1", "f")
}

/// Ids are unique and in order, and a batch with one invalid call is refused as a whole.
#[tokio::test(flavor = "multi_thread")]
async fn batches_are_atomic() {
    let scheduler = Scheduler::start().await;
    let accepted = scheduler.dispatch(vec![valid(); 100]).await;
    let mut unique = accepted.clone();
    unique.sort();
    unique.dedup();
    assert_eq!((accepted.len(), unique.len()), (100, 100));
    assert!(scheduler.dispatch(vec![]).await.is_empty());
    let expiring = |seconds, nanos| Call {
        expiration: Some(prost_types::Duration { seconds, nanos }),
        ..valid()
    };
    let invalid = (400, "invalid_argument");
    let denied = (403, "permission_denied");
    for (call, (status, code), says) in [
        (call("", "f"), invalid, "calls[1].endpoint"),
        (call("example.com", "f"), invalid, "endpoint"),
        (call("bridge://x", "f"), invalid, "http or https"),
        (call("arn:aws:lambda:x", "f"), invalid, "http or https"),
        (call("http://127.0.0.1:1", ""), invalid, "calls[1].function"),
        (call("http://127.0.0.1:1", "a-b"), invalid, "function"),
        (expiring(-1, 0), invalid, "expiration"),
        (expiring(0, -1), invalid, "expiration"),
        (
            call("http://10.0.0.1", "f"),
            denied,
            "--allow-host 10.0.0.1:80",
        ),
    ] {
        let answer = scheduler.send(vec![valid(), call]).await;
        assert_eq!(answer.headers["content-type"], "application/json");
        let error = answer.ok(status);
        assert_eq!(error["code"], code, "{error}");
        assert!(error["message"].as_str().unwrap().contains(says), "{error}");
    }
    let calls = scheduler
        .admin
        .get("/v1/dispatch/calls?limit=1000")
        .await
        .ok(200);
    assert_eq!(calls["calls"].as_array().unwrap().len(), 100);
    scheduler.stop().await;
}

/// A client without a token with the scope is refused, and a token for some functions calls no others.
#[tokio::test(flavor = "multi_thread")]
async fn tokens_need_the_scope() {
    let scheduler = Scheduler::start().await;
    let base = scheduler.running.functions().base().to_owned();
    let token = async |document: serde_json::Value| {
        let created = scheduler.admin.post("/v1/tokens", document).await.ok(201);
        created["token"].as_str().unwrap().to_owned()
    };
    let reader = token(json!({"name": "r", "scopes": ["read"]})).await;
    let limited = json!({"name": "d", "scopes": ["dispatch"], "functions": ["greet"]});
    let limited = token(limited).await;
    let calls = || vec![call(&format!("{base}/greet"), "f")];
    let without = Client::new(scheduler.api.base().to_owned());
    for (api, status, code) in [
        (without.clone(), 401, "unauthenticated"),
        (without.token("wrong"), 401, "unauthenticated"),
        (
            without.header("authorization", "Basic eDp5"),
            401,
            "unauthenticated",
        ),
        (without.token(&reader), 403, "permission_denied"),
    ] {
        assert_eq!(send(&api, calls()).await.ok(status)["code"], code);
    }
    let api = without.token(&limited);
    assert_eq!(ids(send(&api, calls()).await).len(), 1);
    let other = vec![call(&format!("{base}/other"), "f")];
    let refused = send(&api, other).await.ok(403);
    let message = refused["message"].as_str().unwrap();
    assert!(message.contains("--function other"), "{refused}");
    scheduler.stop().await;
}

/// Requests that Connect does not have, or that are too large, are refused in its words.
#[tokio::test(flavor = "multi_thread")]
async fn other_requests_are_refused() {
    let options = DispatchOptions::default().capacity(10);
    let scheduler = Scheduler::with(ServerOptions::default(), options).await;
    let api = &scheduler.api;
    let body = DispatchRequest {
        calls: vec![valid()],
    };
    let body = body.encode_to_vec();
    let proto = async |api: Client, body: Vec<u8>| {
        api.send(Method::POST, PATH, "application/proto", body)
            .await
    };
    let of_type =
        async |media: &str, body: &[u8]| api.send(Method::POST, PATH, media, body.to_vec()).await;
    let with = async |name, value| proto(api.header(name, value), body.clone()).await;
    for (answer, status, code) in [
        (api.get(PATH).await, 405, "unimplemented"),
        (api.get("/other").await, 404, "unimplemented"),
        (of_type("text/plain", &body).await, 415, "invalid_argument"),
        (
            of_type("application/grpc", &body).await,
            415,
            "invalid_argument",
        ),
        (
            of_type("application/json", b"[").await,
            400,
            "invalid_argument",
        ),
        (
            proto(api.clone(), vec![0xff; 9]).await,
            400,
            "invalid_argument",
        ),
        (
            with("connect-protocol-version", "2").await,
            400,
            "invalid_argument",
        ),
        (
            with("connect-timeout-ms", "12345678901").await,
            400,
            "invalid_argument",
        ),
        (
            // Refused before anything is stored: the room for ten calls below stays.
            with("connect-timeout-ms", "0").await,
            504,
            "deadline_exceeded",
        ),
        (with("content-encoding", "gzip").await, 501, "unimplemented"),
    ] {
        let text = answer.text().to_owned();
        assert_eq!(answer.status, status, "{text}");
        assert_eq!(answer.headers["content-type"], "application/json", "{text}");
        assert_eq!(answer.json()["code"], code, "{text}");
    }
    let long = Call {
        input: Some(any(&"x".repeat(17 << 20))),
        ..valid()
    };
    let refused = scheduler.send(vec![long]).await.ok(429);
    assert_eq!(refused["code"], "resource_exhausted");
    let refused = scheduler.send(vec![valid(); 11]).await.ok(429);
    let message = refused["message"].as_str().unwrap();
    assert!(message.contains("--dispatch-capacity"), "{refused}");
    assert_eq!(scheduler.dispatch(vec![valid(); 10]).await.len(), 10);
    scheduler.stop().await;
}
