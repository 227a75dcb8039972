//! Tests `pending` and its pollables against the contract, without the SDK.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::server::{Upstream, text};
use super::{get, local};

/// Every way to wait for a response, in every order, works: see `test-guests/calls-out/src/contract.rs`.
#[tokio::test]
async fn pendings_do_as_they_should() {
    let let_go = Arc::new(Semaphore::new(0));
    let upstream = Upstream::http(move |request| {
        let let_go = Arc::clone(&let_go);
        async move {
            match request.uri().path() {
                "/release" => let_go.add_permits(1),
                "/held" => let_go.acquire().await.unwrap().forget(),
                _ => {}
            }
            text(request.uri().path())
        }
    })
    .await;
    let harness = local();
    for (step, expected) in [
        ("try-get", "later, then /held"),
        ("get", "/held"),
        ("subscribe-twice", "ready, ready, /held"),
        ("subscribe-late", "ready at once, /held"),
        ("outlive-get", "/held, ready"),
        ("outlive-try-get", "/held, ready"),
        ("outlive-drop", "ready"),
        ("failed", "ready at once, InvalidUrl, InvalidUrl"),
        ("dropped-body", "/a, /b"),
    ] {
        let path = format!("/calls-out/contract?step={step}&url={}", upstream.url(""));
        assert_eq!(get(&harness, &path).await.text(), expected, "{step}");
    }
}
