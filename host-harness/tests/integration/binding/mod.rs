//! Calls between functions: requests, responses, and their ends.

mod bodies;
mod ends;
mod errors;
mod gate;
mod reach;
mod requests;
mod slots;
mod traces;

use std::sync::LazyLock;

use host_harness::{Builder, Harness};
use http::{Method, Request};
use http_body_util::BodyExt as _;

use gate::Gate;
use test_support::client::{Answer, Body, whole};
use test_support::soon;

/// A host with a caller and callees, for tests that set limits.
fn builder() -> Builder {
    Harness::builder()
        .function("caller", test_guests::CALLER)
        .function("echo", test_guests::ECHO)
        .function("misbehave", test_guests::MISBEHAVE)
        .concurrency(4, 1000)
        .output_sink(|_| {})
}

/// The same, with a function that waits for a [`Gate`].
fn waiting() -> Builder {
    builder()
        .function("calls-out", test_guests::CALLS_OUT)
        .allow_host("127.0.0.1")
}

/// A host with default settings, whose functions are compiled once for all tests.
static SHARED: LazyLock<Harness> =
    LazyLock::new(|| waiting().concurrency(64, 1000).build().unwrap());

/// A request to the caller, at `/HOW/TARGET/PATH`.
fn request(method: Method, path: &str, headers: &[(&str, &str)], body: Body) -> Request<Body> {
    let request = Request::builder().method(method);
    let request = request.uri(format!("/caller/{path}"));
    let add = |request: http::request::Builder, (name, value): &(&str, &str)| {
        request.header(*name, *value)
    };
    headers.iter().fold(request, add).body(body).unwrap()
}

/// Sends a request without a socket.
async fn ask(harness: &Harness, request: Request<Body>) -> Answer {
    let (head, body) = soon(harness.handle(request)).await.into_parts();
    let body = soon(body.collect()).await.unwrap().to_bytes();
    Answer {
        status: head.status,
        headers: head.headers,
        body,
    }
}

async fn get_with(harness: &Harness, path: &str, headers: &[(&str, &str)]) -> Answer {
    ask(harness, request(Method::GET, path, headers, whole(""))).await
}

async fn get(harness: &Harness, path: &str) -> Answer {
    get_with(harness, path, &[]).await
}

/// The path of a chain of this number of calls.
fn chain(length: usize, end: &str) -> String {
    format!("{}{end}", "call/caller/".repeat(length))
}
