//! Trace propagation through calls and outbound requests.

use super::{SHARED, get_with};
use test_support::client::Answer;

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// The trace headers of a request, as its function received them.
fn shown(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let lines = answer.text().lines();
    let lines = lines.filter(|line| line.starts_with("trace"));
    lines.map(str::to_owned).collect()
}

/// Checks that the trace is the same and the span is new; returns the span.
fn child(lines: &[String]) -> &str {
    let parent = lines[0].strip_prefix("traceparent=").unwrap();
    assert_eq!((&parent[..36], &parent[52..]), (&TRACE[..36], "-01"));
    assert_ne!(parent, TRACE, "a child of its own");
    assert_eq!(lines[1..], ["tracestate=a=1", "tracestate=b=2"]);
    &parent[36..52]
}

const STATE: [(&str, &str); 2] = [("tracestate", "a=1"), ("tracestate", "b=2")];

/// A trace continues through calls, as a child of each caller, unless the caller sets it.
#[tokio::test]
async fn traces_go_on_through_calls() {
    let harness = &*SHARED;
    let ask = async |path: &str, more: &[(&str, &str)]| {
        let headers = [&STATE[..], more].concat();
        shown(&get_with(harness, path, &headers).await)
    };
    let bare = ("x-call-bare", "1");
    let parent = ("traceparent", TRACE);
    let once = ask("call/caller/show", &[parent, bare]).await;
    let again = ask("call/caller/show", &[parent, bare]).await;
    assert_ne!(child(&once), child(&again), "each invocation is one span");

    let passed = ask("call/caller/show", &[parent]).await;
    assert!(passed.contains(&format!("traceparent={TRACE}")));
    let malformed = ask("call/caller/show", &[("traceparent", "00-x-y-01"), bare]).await;
    assert!(malformed.is_empty(), "{malformed:?}");
    assert!(ask("call/caller/show", &[bare]).await.is_empty());
}

/// A trace also continues through outbound requests.
#[tokio::test]
async fn traces_go_on_over_http() {
    let server = SHARED.serve("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/caller/show", server.address());
    let ask = async |more: &[(&str, &str)]| {
        let headers = [&STATE[..], &[("x-call-url", url.as_str())], more].concat();
        shown(&get_with(&SHARED, "many-http", &headers).await)
    };
    child(&ask(&[("traceparent", TRACE)]).await);
    assert!(ask(&[]).await.is_empty());
}
