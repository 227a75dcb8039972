//! Admission: calls cannot deadlock.

use std::sync::Arc;

use super::{Gate, builder, chain, get, get_with, waiting};
use test_support::soon;

/// With one request at a time, calls may nest as deeply as otherwise.
#[tokio::test]
async fn one_place_is_enough_for_a_chain() {
    let harness = builder().concurrency(1, 0).build().unwrap();
    for path in [
        chain(15, "call/echo"),
        "send/caller/".repeat(15) + "send/echo",
    ] {
        let answer = get(&harness, &path).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (200, ""), "{path}");
    }
}

/// Many concurrent chains in few slots all complete, and none is refused.
#[tokio::test(flavor = "multi_thread")]
async fn chains_do_not_wait_for_each_other() {
    let harness = builder().concurrency(2, 1000).build().unwrap();
    let all = (0..100).map(|chain| {
        let harness = harness.clone();
        tokio::spawn(async move {
            let how = if chain % 2 == 0 { "call" } else { "send" };
            let path = format!("{how}/caller/").repeat(6) + "join/misbehave/harmless";
            let headers = [("x-call-count", "3"), ("x-call-then", "echo")];
            get_with(&harness, &path, &headers).await
        })
    });
    for asked in all.collect::<Vec<_>>() {
        let answer = soon(asked).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

/// A streaming callee delays no other call, whether that reads the stream or not.
#[tokio::test]
async fn streams_keep_nobody_waiting() {
    let harness = builder().concurrency(1, 0).build().unwrap();
    for (path, then, expected) in [
        ("then/misbehave/stream?3", "caller/read/echo", "0\n1\n2\n"),
        ("orphan/misbehave/stream-silent", "misbehave/x", "unknown"),
    ] {
        for _ in 0..10 {
            let answer = get_with(&harness, path, &[("x-call-then", then)]).await;
            assert_eq!((answer.status.as_u16(), answer.text()), (200, expected));
        }
    }
}

/// Calls beyond the running and waiting ones are refused without being made.
#[tokio::test]
async fn overload_is_an_error() {
    let gate = Gate::new().await;
    let harness = waiting().concurrency(1, 1).build().unwrap();
    let path = format!("flood/{}", gate.path());
    let asked = tokio::spawn({
        let harness = harness.clone();
        async move { get_with(&harness, &path, &[("x-call-count", "4")]).await }
    });
    gate.arrived(1).await;
    gate.open(2);
    assert_eq!(soon(asked).await.unwrap().text(), "2 2");
    assert_eq!(get(&harness, "call/echo").await.status, 200);
}

/// Unread streams hold slots. Without a free slot a call is refused, and dropping the streams frees their
/// slots.
#[tokio::test]
async fn streams_take_places() {
    let harness = builder().concurrency(1, 16).depth(1).build().unwrap();
    for _ in 0..2 {
        let headers = [("x-call-count", "3")];
        let answer = get_with(&harness, "flood/misbehave/stream-silent", &headers).await;
        assert_eq!(answer.text(), "2 1");
    }
}

/// A client that disconnects while chains are in flight frees all of their slots.
#[tokio::test(flavor = "multi_thread")]
async fn chains_that_end_early_leave_their_places() {
    let gate = Gate::new().await;
    let harness = waiting().concurrency(2, 1000).build().unwrap();
    for how in ["call/caller/", "send/caller/"] {
        let path = how.repeat(3) + "join/" + &gate.path();
        let asked: Vec<_> = (0..20)
            .map(|_| {
                let (harness, path) = (harness.clone(), path.clone());
                let headers = [("x-call-count", "2"), ("x-call-then", "echo")];
                tokio::spawn(async move { get_with(&harness, &path, &headers).await })
            })
            .collect();
        gate.arrived(1).await;
        asked.iter().for_each(tokio::task::JoinHandle::abort);
        for _ in 0..2 {
            let answer = soon(get(&harness, &chain(15, "call/echo"))).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
    }
}

/// A host is dropped with its last handle, although its functions refer to it for calls.
#[tokio::test]
async fn hosts_are_not_kept() {
    let kept = Arc::new(());
    let held = Arc::clone(&kept);
    let sink = move |_| drop(Arc::clone(&held));
    let harness = builder().output_sink(sink).build().unwrap();
    for path in ["call/echo", "send/echo", "drop/misbehave/sleep"] {
        let answer = get_with(&harness, path, &[("x-call-then", "echo")]).await;
        assert_eq!(answer.status, 200);
    }
    drop(harness);
    soon(async {
        while Arc::strong_count(&kept) > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
