//! No request sees data of another.

use host_harness::{Harness, Server};

use test_support::client::Client;
use test_support::server;

const CONNECTIONS: usize = 64;

/// A counter in the memory shows whether an instance is new: all requests, over many concurrent connections,
/// are the first of their instance.
async fn all_are_the_first(server: &Server, requests: usize) {
    let address = server.address();
    let connections: Vec<_> = (0..CONNECTIONS)
        .map(|connection| {
            tokio::spawn(async move {
                let client = Client::new(address);
                for _ in (connection..requests).step_by(CONNECTIONS) {
                    let answer = client.get("/counter").await;
                    assert_eq!((answer.status.as_u16(), answer.text()), (200, "1"));
                }
            })
        })
        .collect();
    for connection in connections {
        connection.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_gets_a_fresh_instance() {
    all_are_the_first(&server().await, 10_000).await;
}

/// The same without idle instances.
#[tokio::test(flavor = "multi_thread")]
async fn every_request_gets_one_that_is_made() {
    let harness = Harness::builder()
        .function("counter", test_guests::COUNTER)
        .concurrency(16, 1000)
        .idle_instances(0);
    let server = harness.build().unwrap().serve("127.0.0.1:0").await;
    all_are_the_first(&server.unwrap(), 1000).await;
}
