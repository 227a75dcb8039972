//! Nothing of one request is there for another.

use crate::support::client::Client;
use crate::support::server;

const CONNECTIONS: usize = 64;
const REQUESTS: usize = 10_000;

/// A counter in a function's memory tells a fresh instance from a used one: all requests, over
/// many connections at once, are the first of their instance.
#[tokio::test(flavor = "multi_thread")]
async fn every_request_gets_a_fresh_instance() {
    let server = server().await;
    let address = server.address();
    let connections: Vec<_> = (0..CONNECTIONS)
        .map(|connection| {
            tokio::spawn(async move {
                let client = Client::new(address);
                for _ in (connection..REQUESTS).step_by(CONNECTIONS) {
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
