//! Outbound requests to servers on this machine.

mod addresses;
mod bodies;
mod contract;
mod egress;
mod ends;
mod flow;
mod frames;
mod framing;
mod permits;
mod reading;
mod responses;
mod retries;
mod server;
mod tls;
mod wire;

use std::sync::LazyLock;

use host_harness::{Builder, Harness};
use http::{Method, Request};
use http_body_util::BodyExt as _;

use server::Upstream;
use test_support::client::{Answer, whole};
use test_support::soon;

/// A host with a function that sends requests, and is not yet allowed to reach this machine.
fn builder() -> Builder {
    Harness::builder()
        .function("calls-out", test_guests::CALLS_OUT)
        .concurrency(16, 16)
        .output_sink(|_| {})
}

/// A host whose functions may reach all servers at 127.0.0.1, where the tests' servers are. The functions are
/// compiled once for all tests.
fn local() -> Harness {
    static LOCAL: LazyLock<Harness> = LazyLock::new(|| {
        let builder = builder().function("proxy", test_guests::PROXY);
        let builder = builder.concurrency(128, 1000).allow_host("127.0.0.1");
        builder.build().unwrap()
    });
    LOCAL.clone()
}

/// A host whose functions may reach only these servers.
fn allowing(upstreams: &[&Upstream]) -> Harness {
    let builder = upstreams.iter().fold(builder(), |builder, upstream| {
        builder.allow_host(upstream.address.to_string())
    });
    builder.build().unwrap()
}

/// Sends a request to a function without a socket.
async fn call(harness: &Harness, method: Method, path: &str, body: &str) -> Answer {
    let request = Request::builder().method(method).uri(path);
    let request = request.body(whole(body.to_owned())).unwrap();
    let (head, body) = soon(harness.handle(request)).await.into_parts();
    let body = soon(body.collect()).await.unwrap().to_bytes();
    Answer {
        status: head.status,
        headers: head.headers,
        body,
    }
}

async fn get(harness: &Harness, path: &str) -> Answer {
    call(harness, Method::GET, path, "").await
}
