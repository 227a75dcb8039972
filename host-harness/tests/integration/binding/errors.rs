//! Calls that fail before there is a response.

use std::time::Duration;

use super::{SHARED, builder, chain, get, get_with};

/// Each invalid call has its own error.
#[tokio::test]
async fn invalid_calls_are_typed() {
    let harness = &*SHARED;
    for how in ["call", "send"] {
        let error = async |path: &str, header: (&str, &str)| {
            let answer = get_with(harness, &format!("{how}/{path}"), &[header]).await;
            assert_eq!(answer.status, 502, "{}", answer.text());
            answer.text().to_owned()
        };
        for (path, header, expected) in [
            ("nobody/at/all", ("x", "y"), "Error::NotFound(\"nobody\")"),
            ("Echo", ("x", "y"), "Error::NotFound(\"Echo\")"),
            (
                "echo",
                ("x-call-method", "A B"),
                "Error::InvalidMethod(\"A B\")",
            ),
            (
                "echo",
                ("x-call-method", "CONNECT"),
                "Error::InvalidMethod(\"CONNECT\")",
            ),
            (
                "echo",
                ("x-call-path", "/a b"),
                "Error::InvalidPath(\"/a b\")",
            ),
            (
                "echo",
                ("x-call-header", "a b=c"),
                "Error::InvalidHeader(\"a b\")",
            ),
        ] {
            assert_eq!(error(path, header).await, expected);
        }
    }
}

/// A callee that fails is an error in its caller, which names the callee and the cause.
#[tokio::test]
async fn failures_are_contained() {
    let harness = builder()
        .memory(16 * 1024 * 1024)
        .cpu_time(Duration::from_millis(500))
        .build()
        .unwrap();
    for how in ["call", "send"] {
        for (path, why) in [
            ("panic", "the function stopped"),
            ("exit", "the function stopped"),
            ("recurse", "the function stopped"),
            ("handles", "the function stopped"),
            ("grow", "memory"),
            ("loop", "CPU time"),
            ("status?99", "status 99"),
            ("streamed", "streamed"),
        ] {
            let answer = get(&harness, &format!("{how}/misbehave/{path}")).await;
            let text = answer.text();
            assert_eq!(answer.status, 502);
            let begins = text.starts_with("Error::Trapped(\"misbehave: ");
            assert!(begins && text.contains(why), "{path}: {text}");
            assert!(text.contains(".1)"), "the callee's id: {text}");
        }
    }
}

/// Nested calls are limited, by one function and by two that call each other.
#[tokio::test]
async fn depth_is_bounded() {
    for depth in [0, 1, 3, 16] {
        let harness = builder()
            .function("other", test_guests::CALLER)
            .depth(depth)
            .build()
            .unwrap();
        let (within, depth) = (depth as usize, depth);
        let exceeded = format!("Error::DepthExceeded({depth})");
        if within > 0 {
            let answer = get(&harness, &chain(within - 1, "call/echo")).await;
            assert_eq!((answer.status.as_u16(), answer.text()), (200, ""));
        }
        let answer = get(&harness, &chain(within, "call/echo")).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (502, &*exceeded));
        let mutual = "call/other/call/caller/".repeat(within / 2 + 1);
        let answer = get(&harness, &format!("{mutual}call/echo")).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (502, &*exceeded));
    }
}

/// An invocation may have a limited number of calls in flight. One more is refused without a trap.
#[tokio::test]
async fn pendings_are_bounded() {
    let harness = &*SHARED;
    for (count, expected) in [("63", "63 0"), ("64", "64 0"), ("65", "64 1")] {
        let headers = [("x-call-count", count)];
        let answer = get_with(harness, "flood/misbehave/stream-silent", &headers).await;
        assert_eq!(answer.text(), expected);
    }
}

/// An answered call counts until its body is complete or dropped. A body that is complete from the start does
/// not count.
#[tokio::test]
async fn bodies_that_are_kept_count() {
    let headers = [("x-call-count", "70")];
    for (path, expected) in [
        ("keep/misbehave/stream-silent", "64 6 true"),
        ("keep/misbehave/harmless", "70 0 true"),
    ] {
        let answer = get_with(&SHARED, path, &headers).await;
        assert_eq!(answer.text(), expected);
    }
}

/// Unread responses by value are limited, and one too many is refused until others are dropped.
#[tokio::test]
async fn kept_answers_are_bounded() {
    let harness = builder().body_memory(64 * 1024 * 1024).build().unwrap();
    for _ in 0..2 {
        let headers = [("x-call-count", "3")];
        let answer = get_with(&harness, "keep/misbehave/large", &headers).await;
        assert_eq!(answer.text(), "2 1 true");
    }
}
