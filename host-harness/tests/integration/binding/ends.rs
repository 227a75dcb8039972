//! Calls that end early.

use std::time::Duration;

use http::Method;
use http_body_util::BodyExt as _;

use super::{Gate, SHARED, builder, get, get_with, request};
use test_support::client::pieces;
use test_support::soon;

/// In milliseconds, each for a busier machine.
const TIMEOUTS: [&str; 4] = ["50", "500", "5000", "50000"];

/// A callee that does not answer in time is ended, and its caller continues. A callee without its own limit
/// ends with its caller's time.
#[tokio::test]
async fn timeouts_end_the_callee() {
    let harness = &*SHARED;
    for how in [
        "call",
        "send",
        "stream",
        "call/caller/call",
        "send/caller/send",
    ] {
        let gate = Gate::new().await;
        let path = format!("{how}/{}", gate.path());
        // On a busy machine a callee may not reach the gate.
        for timeout in TIMEOUTS {
            let answer = get_with(harness, &path, &[("x-call-timeout", timeout)]).await;
            assert_eq!(answer.text(), "Error::Timeout", "{how}");
            if gate.has_arrived() {
                break;
            }
        }
        gate.gone().await;
    }
}

/// A callee has the time that its caller gives it, and at most the caller's remaining time.
#[tokio::test]
async fn callers_time_is_a_bound() {
    let harness = builder().timeout(Duration::from_secs(100)).build().unwrap();
    for (path, timeout, most) in [
        ("call/caller/show", "60000", 60_000),
        ("call/caller/call/caller/show", "60000", 60_000),
        ("call/caller/show", "600000", 100_000),
    ] {
        let answer = get_with(&harness, path, &[("x-call-timeout", timeout)]).await;
        let left = answer.text().lines().find_map(|line| {
            let left = line.strip_prefix("left: Some(")?;
            left.strip_suffix(')')?.parse::<u64>().ok()
        });
        assert!(left.unwrap() <= most, "{}", answer.text());
    }
}

/// The time includes the body, whether the callee streams it or passes it on.
#[tokio::test]
async fn timeouts_break_bodies_off() {
    let harness = &*SHARED;
    // On a busy machine a callee may not start its response.
    let mut streamed = String::new();
    for timeout in TIMEOUTS {
        let headers = [("x-call-timeout", timeout)];
        let answer = get_with(harness, "read/misbehave/stream-silent", &headers).await;
        streamed = answer.text().to_owned();
        if streamed != "Error::Timeout" {
            break;
        }
    }
    assert_eq!(streamed, "Error::Closed");
    for timeout in TIMEOUTS {
        let (_sender, body) = pieces();
        let headers = [("x-call-timeout", timeout)];
        let passed_on = request(Method::POST, "call/echo", &headers, body);
        let answer = soon(harness.handle(passed_on)).await;
        if answer.status() == 200 {
            assert!(soon(answer.into_body().collect()).await.is_err());
            return;
        }
    }
    panic!("it never began");
}

/// An incomplete body never looks complete, neither to the caller nor to the caller's client.
#[tokio::test]
async fn cut_bodies_are_broken() {
    let harness = builder()
        .memory(16 * 1024 * 1024)
        .cpu_time(Duration::from_millis(500))
        .build()
        .unwrap();
    for end in ["panic", "exit", "grow", "loop", "streamed", "harmless"] {
        let path = format!("misbehave/stream-then/{end}");
        let answer = get(&harness, &format!("read/{path}")).await;
        assert_eq!(answer.text(), "Error::Closed", "{end}");
        let passed_on = request(
            Method::GET,
            &format!("call/caller/call/{path}"),
            &[],
            test_support::client::whole(""),
        );
        let answer = soon(harness.handle(passed_on)).await;
        assert_eq!(answer.status(), 200);
        assert!(soon(answer.into_body().collect()).await.is_err(), "{end}");
    }
}

/// Dropping a sent call ends the callee, and the caller continues.
#[tokio::test]
async fn dropping_ends_the_callee() {
    let (dropped, meanwhile) = (Gate::new().await, Gate::new().await);
    let harness = &*SHARED;
    let path = format!("drop/{}", dropped.path());
    let then = meanwhile.path();
    let asked =
        tokio::spawn(async move { get_with(harness, &path, &[("x-call-then", &then)]).await });
    dropped.arrived(1).await;
    meanwhile.arrived(1).await;
    meanwhile.open(1);
    dropped.gone().await;
    meanwhile.arrived(1).await;
    meanwhile.open(1);
    assert_eq!(soon(asked).await.unwrap().text(), "open open");
}

/// Calls and requests that a function drops no longer count as in flight, whether they have begun or not, and
/// even before a thread gets to end their tasks.
#[tokio::test]
async fn dropped_calls_and_requests_are_not_counted() {
    let gate = Gate::new().await;
    let url = format!("http://{}/", gate.address);
    let headers = [
        ("x-call-url", &*url),
        ("x-call-count", "200"),
        ("x-call-then", "misbehave/x"),
    ];
    let harness = &*SHARED;
    for _ in 0..2 {
        let answer = get_with(harness, "abandon/misbehave/sleep", &headers).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (200, "0 unknown"));
    }
}

/// A caller that is cancelled ends its callees, at any depth.
#[tokio::test]
async fn callers_that_go_away_end_their_callees() {
    for how in [
        "call",
        "send",
        "call/caller/send",
        "send/caller/call",
        "stream",
    ] {
        let gate = Gate::new().await;
        let harness = &*SHARED;
        let path = format!("{how}/{}", gate.path());
        let asked = tokio::spawn(async move { get(harness, &path).await });
        gate.arrived(1).await;
        asked.abort();
        gate.gone().await;
    }
}

/// CPU time is charged to the function that uses it, neither to its caller nor to its callees.
#[tokio::test]
async fn computing_is_charged_to_whom_it_is_of() {
    let harness = builder().cpu_time(Duration::from_secs(2)).build().unwrap();
    // Three callees with 0.8 s each.
    let headers = [("x-call-count", "3")];
    let answer = get_with(&harness, "many/caller/spin/800", &headers).await;
    assert_eq!((answer.status.as_u16(), answer.text()), (200, "spun"));
}
