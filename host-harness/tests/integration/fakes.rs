//! Servers and functions that a test makes.

use std::time::{Duration, Instant};

use host_harness::{Body, Builder, Harness};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;

fn builder() -> Builder {
    Harness::builder()
        .function("calls-out", test_guests::CALLS_OUT)
        .function("orchestrate", test_guests::ORCHESTRATE)
        .concurrency(8, 8)
        .output_sink(|_| {})
}

async fn post(harness: &Harness, path: &str, body: &str) -> (StatusCode, String) {
    let request = Request::post(path).body(body.to_owned()).unwrap();
    let response = harness.handle(request).await;
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn shout(request: Request<Body>) -> Response<Body> {
    let target = request.uri().to_string();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let body = String::from_utf8_lossy(&body).to_uppercase();
    Response::new(Body::from(format!("{target} {body}")))
}

/// A handler answers for a server over both schemes, on every port or on one, and no name is looked up.
#[tokio::test]
async fn fake_servers_answer() {
    let harness = builder()
        .fake_upstream("Api.example", shout)
        .fake_upstream("api.example:8443", |_: Request<Body>| async {
            Response::builder().status(418).body(Body::empty()).unwrap()
        })
        .build()
        .unwrap();
    let (status, body) = post(&harness, "/calls-out?url=https://api.example/a?b=c", "hi").await;
    assert_eq!(
        (status.as_u16(), body.as_str()),
        (200, "https://api.example/a?b=c HI")
    );
    let (_, body) = post(&harness, "/calls-out?url=http://api.example:81/", "hi").await;
    assert_eq!(body, "http://api.example:81/ HI");
    let (status, _) = post(&harness, "/calls-out?url=https://api.example:8443/", "").await;
    assert_eq!(status, 418);
}

/// Redirects between fakes are followed, and their number and the length of bodies are limited.
#[tokio::test]
async fn fake_responses_have_the_limits_of_real_ones() {
    let harness = builder()
        .fake_upstream("old.example", |_: Request<Body>| async {
            let moved = Response::builder().status(307);
            moved
                .header("location", "https://new.example/")
                .body(Body::empty())
                .unwrap()
        })
        .fake_upstream("new.example", shout)
        .build()
        .unwrap();
    let old = "/calls-out?url=https://old.example/";
    let (status, body) = post(&harness, &format!("{old}&redirects=1&own=1"), "hi").await;
    assert_eq!(
        (status.as_u16(), body.as_str()),
        (200, "https://new.example/ HI")
    );
    assert_eq!(post(&harness, old, "hi").await.0, 307);
    let new = "/calls-out?url=https://new.example/&limit=5";
    assert_eq!(post(&harness, new, "much more").await.0, 502);
}

/// The rules decide about a fake's name, too.
#[tokio::test]
async fn fake_servers_have_to_be_allowed() {
    let harness = builder()
        .allow_host("other.example")
        .fake_upstream("api.example", shout)
        .build()
        .unwrap();
    let (status, _) = post(&harness, "/calls-out?url=https://api.example/", "hi").await;
    assert_eq!(status, 403);
}

/// A handler answers calls of a function that is not served, and other names stay unknown.
#[tokio::test]
async fn fake_functions_answer() {
    let harness = builder().fake_function("shrink", shout).build().unwrap();
    let (status, body) = post(&harness, "/orchestrate?halvings=1", "picture").await;
    assert_eq!((status.as_u16(), body.as_str()), (200, "/ PICTURE"));
    let harness = builder().fake_function("other", shout).build().unwrap();
    assert_ne!(
        post(&harness, "/orchestrate?halvings=1", "picture").await.0,
        200
    );
    // Two things of one name would hide each other.
    let both = builder().fake_function("orchestrate", shout).build();
    let error = both.unwrap_err().to_string();
    assert!(
        error.contains("\"orchestrate\" is served, and cannot be a fake"),
        "{error}"
    );
}

/// With a paused clock, deadlines pass as soon as everything waits.
#[tokio::test(start_paused = true)]
async fn deadlines_pass_in_virtual_time() {
    let harness = builder()
        .timeout(Duration::from_secs(60))
        .fake_upstream("slow.example", |_: Request<Body>| async {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            Response::new(Body::from("late"))
        })
        .fake_function("shrink", |_: Request<Body>| async {
            tokio::time::sleep(Duration::from_secs(30)).await;
            Response::new(Body::from("in time"))
        })
        .build()
        .unwrap();
    let begun = (Instant::now(), tokio::time::Instant::now());
    let (status, _) = post(&harness, "/calls-out?url=https://slow.example/", "").await;
    assert_eq!(status, 504);
    assert!(begun.1.elapsed() >= Duration::from_secs(59));
    let (status, body) = post(&harness, "/orchestrate?halvings=1", "").await;
    assert_eq!((status.as_u16(), body.as_str()), (200, "in time"));
    assert!(begun.0.elapsed() < Duration::from_secs(30), "it has waited");
}
