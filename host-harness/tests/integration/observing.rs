//! What an embedder sees of requests: middleware, and reports of invocations.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use host_harness::{Body, Harness, InvocationReport};
use http::{HeaderValue, Request, Response};
use http_body_util::BodyExt as _;
use test_support::client::Client;

async fn text(response: Response<Body>) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Requests over sockets and without pass the middleware, which may change both ends; those that it answers
/// itself reach no function.
#[tokio::test]
async fn middleware_stands_before_functions() {
    let harness = Harness::builder()
        .function("ping", test_guests::PING)
        .middleware(|request, next| async move {
            if request.uri().path() == "/own" {
                return Response::new(Body::from("answered outside"));
            }
            let mut response = next.run(request).await;
            let passed = HeaderValue::from_static("yes");
            response.headers_mut().insert("x-passed", passed);
            response
        })
        .build()
        .unwrap();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    let client = Client::new(server.address());
    let own = client.get("/own").await;
    assert_eq!(own.text(), "answered outside");
    assert!(own.headers.get("x-passed").is_none());
    let ping = client.get("/ping").await;
    assert_eq!(
        (ping.text(), &ping.headers["x-passed"]),
        ("pong", &HeaderValue::from_static("yes"))
    );
    let unknown = client.get("/unknown").await;
    assert_eq!(
        (unknown.status, &unknown.headers["x-passed"]),
        (
            http::StatusCode::NOT_FOUND,
            &HeaderValue::from_static("yes")
        )
    );

    let request = Request::get("/ping").body(String::new()).unwrap();
    assert_eq!(harness.handle(request).await.headers()["x-passed"], "yes");
    // The bytes of its responses still count for the function.
    let metrics = harness.metrics();
    assert_eq!(metrics.functions[0].sent_bytes, 4);
}

/// Calls between functions do not pass the middleware.
#[tokio::test]
async fn calls_do_not_pass_the_middleware() {
    let seen = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&seen);
    let harness = Harness::builder()
        .function("orchestrate", test_guests::ORCHESTRATE)
        .function("shrink", test_guests::SHRINK)
        .middleware(move |request, next| {
            counted.fetch_add(1, Ordering::Relaxed);
            next.run(request)
        })
        .build()
        .unwrap();
    let report = InvocationReport::default();
    let request = Request::post("/orchestrate").extension(report.clone());
    let response = harness.handle(request.body(String::new()).unwrap()).await;
    text(response).await;
    assert_eq!(report.calls(), 1);
    assert_eq!(seen.load(Ordering::Relaxed), 1);
}

/// A report has what the invocation used, once its body has ended; without a function it stays empty.
#[tokio::test]
async fn report_has_what_was_used() {
    let harness = Harness::builder()
        .function("ping", test_guests::PING)
        .build()
        .unwrap();
    let ask = async |path: &str| {
        let report = InvocationReport::default();
        let request = Request::get(path).extension(report.clone());
        text(harness.handle(request.body(String::new()).unwrap()).await).await;
        report
    };
    // The first instance is made, the second one is reset.
    for _ in 0..2 {
        let report = ask("/ping").await;
        let info = harness.function("ping").unwrap();
        assert_eq!(report.version(), info.version.as_deref());
        assert!(
            report
                .memory()
                .is_some_and(|memory| memory >= 1 << 16 && memory % (1 << 16) == 0)
        );
        assert!(report.run_time().is_some() && report.cpu_time() <= report.run_time());
        assert!(report.invocation().is_some());
        assert_eq!((report.calls(), report.outbound_requests()), (0, 0));
    }
    let report = ask("/unknown").await;
    assert!(report.version().is_none() && report.run_time().is_none() && report.memory().is_none());
}
