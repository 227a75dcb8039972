use std::convert::Infallible;

use futures_util::{FutureExt as _, stream};
use http_body_util::BodyExt as _;
use tokio::time::sleep;

use super::*;

const TIMES: IdleTimes = IdleTimes {
    head: Duration::from_secs(30),
    idle: Duration::from_secs(75),
};

async fn answered(requests: &ActiveRequests, version: Version, body: Body) -> Body {
    let answering = async { Ok::<_, Infallible>(http::Response::new(body)) };
    let answer = requests.clone().answer(version, answering).await;
    answer.unwrap().into_body()
}

/// A connection without a request is idle after the time of a head, and later after the idle time.
#[tokio::test(start_paused = true)]
async fn connections_without_requests_are_idle() {
    let began = Instant::now();
    ActiveRequests::new().idle(TIMES).await;
    assert_eq!(began.elapsed(), TIMES.head);
    let requests = ActiveRequests::new();
    let idle = requests.idle(TIMES);
    let requests = async {
        for _ in 0..5 {
            sleep(Duration::from_secs(20)).await;
            drop(answered(&requests, Version::HTTP_11, Body::empty()).await);
        }
    };
    let began = Instant::now();
    tokio::join!(idle, requests);
    assert_eq!(began.elapsed(), Duration::from_secs(100) + TIMES.idle);
}

/// A request that takes long, and an answer that continues, are active.
#[tokio::test(start_paused = true)]
async fn requests_in_flight_are_not_idle() {
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let requests = ActiveRequests::new();
        let mut idle = Box::pin(requests.idle(TIMES));
        let slow = async {
            sleep(Duration::from_secs(500)).await;
            Ok::<_, Infallible>(http::Response::new(Body::empty()))
        };
        let answer = tokio::select! {
            () = &mut idle => panic!("{version:?}: idle while a request runs"),
            answer = requests.clone().answer(version, slow) => answer,
        };
        drop(answer);
        let following = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        let mut following = answered(&requests, version, following).await;
        assert!(following.frame().now_or_never().is_none());
        let waiting = tokio::time::timeout(Duration::from_secs(500), &mut idle);
        assert!(waiting.await.is_err(), "{version:?}: idle while it follows");
        drop(following);
        let began = Instant::now();
        idle.await;
        assert_eq!(began.elapsed(), TIMES.idle, "{version:?}");
    }
}

/// Over HTTP/2, an answer that its client does not take is idle.
#[tokio::test(start_paused = true)]
async fn answers_that_nobody_takes_are_idle() {
    let requests = ActiveRequests::new();
    let _unread = answered(&requests, Version::HTTP_2, Body::from("answer")).await;
    let began = Instant::now();
    requests.idle(TIMES).await;
    assert_eq!(began.elapsed(), TIMES.idle);
}

/// An answer that waits for the client is not idle time. The connection gives its slot away only once the client has
/// taken nothing of the answer for a while.
#[tokio::test(start_paused = true)]
async fn unsent_answers_are_not_idle() {
    let requests = ActiveRequests::new();
    drop(answered(&requests, Version::HTTP_11, Body::from("answer")).await);
    requests.set_unsent(true);
    let waiting = tokio::time::timeout(Duration::from_secs(500), requests.idle(TIMES));
    assert!(waiting.await.is_err());
    for _ in 0..10 {
        requests.set_unsent(false);
        requests.set_unsent(true);
        sleep(STALLED / 2).await;
        assert!(!requests.end_if_idle());
    }
    sleep(STALLED / 2).await;
    assert!(requests.end_if_idle());
    requests.idle(TIMES).await;
}

/// A connection is ended only some time after its last answer, or after its beginning.
#[tokio::test(start_paused = true)]
async fn recent_requests_keep_their_connection() {
    let requests = ActiveRequests::new();
    assert!(!requests.end_if_idle());
    sleep(RECENT).await;
    drop(answered(&requests, Version::HTTP_11, Body::from("answer")).await);
    assert!(!requests.end_if_idle());
    sleep(RECENT).await;
    assert!(requests.end_if_idle());
    assert!(!requests.end_if_idle(), "it was ended before");
}

/// Once the server stops, a connection ends soon after what it has to do.
#[tokio::test(start_paused = true)]
async fn connections_of_a_stopping_server_end() {
    let requests = ActiveRequests::new();
    let active = requests.begin();
    requests.stop();
    let waiting = tokio::time::timeout(Duration::from_secs(500), requests.idle(TIMES));
    assert!(waiting.await.is_err());
    let idle = requests.idle(TIMES);
    let ends = async {
        sleep(Duration::from_secs(5)).await;
        drop(active);
        Instant::now()
    };
    let ((), ended) = tokio::join!(idle, ends);
    assert_eq!(ended.elapsed(), DRAIN_IDLE);
}
