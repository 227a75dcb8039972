//! The limit of outbound requests of all functions.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use host_harness::Harness;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use tokio::sync::{Barrier, mpsc};

use super::server::{Upstream, text};
use super::{builder, get};
use test_support::client::{pieces, whole};
use test_support::soon;

/// A host with this limit, whose functions may reach every server of a test.
fn limited(requests: u32) -> Harness {
    let builder = builder().function("proxy", test_guests::PROXY);
    let builder = builder.allow_host("127.0.0.1").outbound(requests);
    builder.build().unwrap()
}

/// A server that starts to answer `/held`, returns the ends of these responses, and counts other requests.
async fn holding() -> (
    Upstream,
    mpsc::UnboundedReceiver<mpsc::Sender<Bytes>>,
    Arc<AtomicUsize>,
) {
    let (ends, held) = mpsc::unbounded_channel();
    let others = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&others);
    let upstream = Upstream::http(move |request| {
        let is_held = request.uri().path() == "/held";
        let response = if is_held {
            let (end, body) = pieces();
            ends.send(end).unwrap();
            Response::new(body)
        } else {
            counted.fetch_add(1, Ordering::SeqCst);
            text("next")
        };
        async move { response }
    })
    .await;
    (upstream, held, others)
}

/// All invocations together reach the limit and do not exceed it, and every request is sent eventually.
#[tokio::test]
async fn as_many_as_may_be() {
    for limit in [1, 3] {
        let most = Arc::new(AtomicUsize::new(0));
        let (now, together) = (Arc::new(AtomicUsize::new(0)), Arc::new(Barrier::new(limit)));
        let seen = Arc::clone(&most);
        let upstream = Upstream::http(move |_| {
            let (now, seen) = (Arc::clone(&now), Arc::clone(&seen));
            let together = Arc::clone(&together);
            async move {
                seen.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                // Answers none before the limit is reached.
                together.wait().await;
                now.fetch_sub(1, Ordering::SeqCst);
                Response::new(whole(""))
            }
        })
        .await;
        let harness = limited(u32::try_from(limit).unwrap());
        let path = format!("/calls-out/flood?count=12&url={}", upstream.url("/"));
        let (one, other) = tokio::join!(get(&harness, &path), get(&harness, &path));
        assert_eq!((one.text(), other.text()), ("12 0", "12 0"));
        assert_eq!(most.load(Ordering::SeqCst), limit);
    }
}

/// A request holds its permit until its response has ended or is dropped. A request whose time ends first
/// times out unsent, and one with more time is sent.
#[tokio::test]
async fn turns_end_with_the_response() {
    let (upstream, mut held, others) = holding().await;
    let harness = limited(1);
    let next = upstream.url("/next");
    for is_dropped in [false, true] {
        let path = format!("/proxy?url={}", upstream.url("/held"));
        let request = Request::get(path).body(String::new()).unwrap();
        let first = soon(harness.handle(request)).await;
        let end = soon(held.recv()).await.unwrap();
        let before = others.load(Ordering::SeqCst);
        for path in ["error", "error-async"] {
            let path = format!("/calls-out/{path}?timeout=50&url={next}");
            assert_eq!(get(&harness, &path).await.text(), "Timeout");
        }
        let path = format!("/calls-out/text?timeout=50&url={next}");
        assert_eq!(get(&harness, &path).await.status, 504);

        let path = format!("/calls-out/text?url={next}");
        let waiting = harness.clone();
        let second = tokio::spawn(async move { get(&waiting, &path).await });
        tokio::task::yield_now().await;
        assert_eq!(others.load(Ordering::SeqCst), before);
        if is_dropped {
            drop(first);
        } else {
            end.send(Bytes::from_static(b"last")).await.unwrap();
            drop(end);
            let body = soon(first.into_body().collect()).await.unwrap();
            assert_eq!(body.to_bytes(), "last");
        }
        assert_eq!(soon(second).await.unwrap().text(), "next");
        assert_eq!(others.load(Ordering::SeqCst), before + 1);
    }
}

/// A function that drops a response releases its permit, even without reading a byte.
#[tokio::test]
async fn dropped_responses_give_their_turn_back() {
    let (upstream, _held, others) = holding().await;
    let path = format!(
        "/calls-out/contract?step=dropped-body&url={}",
        upstream.url("")
    );
    assert_eq!(get(&limited(1), &path).await.text(), "next, next");
    assert_eq!(others.load(Ordering::SeqCst), 4);
}

/// A function that holds the permits that it waits for ends with its time, and releases them.
#[tokio::test]
async fn waiting_for_oneself_ends() {
    // Answers a request when it has the other one.
    let both = Arc::new(Barrier::new(2));
    let upstream = Upstream::http(move |request| {
        let both = Arc::clone(&both);
        async move {
            if request.uri().path() != "/next" {
                both.wait().await;
            }
            text("next")
        }
    })
    .await;
    let builder = builder().allow_host("127.0.0.1").outbound(1);
    let builder = builder.timeout(Duration::from_millis(500));
    let harness = builder.build().unwrap();
    let path = format!("/calls-out/contract?step=get&url={}", upstream.url(""));
    assert_eq!(get(&harness, &path).await.problem("reason"), "timeout");
    let path = format!("/calls-out/text?url={}", upstream.url("/next"));
    // On a busy machine it may take longer than its time.
    soon(async { while get(&harness, &path).await.status != 200 {} }).await;
}
