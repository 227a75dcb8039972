use std::time::Duration;

use std::collections::BTreeMap;

use http::{HeaderMap, StatusCode};

use super::*;
use crate::routing::{any, get, post};
use crate::testing::TestRequest;
use crate::{
    Event, Extension, FromRequest as _, HandleErrors, IntoResponse, Json, Router, Sse, State,
    WebResult, task,
};

fn mark(name: &'static str) -> impl Fn(Request, Next) -> WebResponse {
    move |request, next| next.run(request).wait().header("x-mark", name)
}

/// A layer is around what was added before it and nothing else, the last one outermost.
#[test]
fn layers_are_around_what_is_there() {
    let app = || {
        Router::new()
            .route("/a", get(|| "a"))
            .layer(mark("1"))
            .layer(mark("2"))
            .route("/a", post(|| "a"))
            .route("/b", get(|| "b").layer(mark("3")).put(|| "b"))
            .nest("/c", Router::new().route("/", any(|| "c")).layer(mark("4")))
    };
    for (method, path, wanted) in [
        ("GET", "/a", &["1", "2"][..]),
        ("POST", "/a", &[]),
        ("GET", "/b", &["3"]),
        ("PUT", "/b", &[]),
        ("GET", "/c", &["4"]),
        ("GET", "/lost", &["1", "2"]),
        ("GET", "/c/lost", &["1", "2"]),
    ] {
        let response = TestRequest::new(method, path).call(app);
        let marks: Vec<_> = response.header_all("x-mark").collect();
        assert_eq!(marks, wanted, "{method} {path}");
    }
}

/// The router's own answers, 405 and a fallback, come through the middleware, too.
#[test]
fn layers_see_all_answers() {
    let app = || {
        let routes = Router::new().route("/a", get(|| "a")).fallback(|| "lost");
        routes.layer(mark("1"))
    };
    for (method, path, status) in [
        ("PUT", "/a", 405),
        ("OPTIONS", "/a", 204),
        ("GET", "/b", 200),
    ] {
        let response = TestRequest::new(method, path).call(app);
        assert_eq!(
            (response.status(), response.header("x-mark")),
            (status, Some("1"))
        );
    }
}

/// A middleware that does not pass a request on answers it; one that does can change it.
#[test]
fn requests_can_be_stopped_and_changed() {
    fn guard(mut request: Request, next: Next) -> Result<WebResponse, StatusCode> {
        let body = String::from_request(&mut request).map_err(|_| StatusCode::BAD_REQUEST)?;
        if body == "stop" {
            return Err(StatusCode::FORBIDDEN);
        }
        request.extensions_mut().insert(body.len());
        Ok(next.run(request).wait())
    }
    let app = || {
        let handler = |Extension(length): Extension<usize>| length.to_string();
        Router::new().route("/", post(handler)).layer(guard)
    };
    assert_eq!(TestRequest::post("/").body("go on").call(app).text(), "5");
    assert_eq!(TestRequest::post("/").body("stop").call(app).status(), 403);
}

/// What a middleware awaits next to an `async` handler goes on, and a time limit ends the handler.
#[test]
fn handlers_are_awaited() {
    async fn limit(request: Request, next: Next) -> Result<WebResponse, StatusCode> {
        let response = task::timeout(Duration::from_millis(20), next.run(request)).await;
        response.map_err(|_| StatusCode::GATEWAY_TIMEOUT)
    }
    let app = || {
        Router::new()
            .route("/slow", get(async || std::future::pending::<()>().await))
            .route("/quick", get(async || "quick"))
            .layer(limit)
    };
    assert_eq!(TestRequest::get("/quick").call(app).text(), "quick");
    assert_eq!(TestRequest::get("/slow").call(app).status(), 504);
}

/// A tuple around what a handler answered reaches every client: its failures are responses, too.
#[test]
fn tuples_around_responses_count_for_errors() {
    struct Own;
    impl IntoResponse for Own {
        fn into_response(self) -> WebResponse {
            (StatusCode::UNPROCESSABLE_ENTITY, "own").into_response()
        }
    }
    async fn cors(request: Request, next: Next) -> impl IntoResponse {
        ([("x-mark", "1")], next.run(request).await)
    }
    fn waits(request: Request, next: Next) -> ([(&'static str, &'static str); 1], WebResponse) {
        ([("x-mark", "1")], next.run(request).wait())
    }
    async fn limit(request: Request, next: Next) -> impl IntoResponse {
        let response = task::timeout(Duration::from_secs(1), next.run(request)).await;
        let response = response.map_err(|_| StatusCode::GATEWAY_TIMEOUT);
        (HeaderMap::new(), [("x-mark", "1")], response)
    }
    async fn wraps(request: Request, next: Next) -> impl IntoResponse {
        struct Wrapped(WebResponse);
        impl IntoResponse for Wrapped {
            fn into_response(self) -> WebResponse {
                self.0
            }
        }
        ([("x-mark", "1")], Wrapped(next.run(request).await))
    }
    let events = || Sse([Event::data("").with_name("a\nb")]);
    let unencodable = || Json(BTreeMap::from([(vec![1_u8], 1)]));
    let routes = || {
        Router::new()
            .route("/own", get(|| Err::<String, _>(Own)))
            .route("/awaited", get(async || Err::<String, _>(Own)))
            .route("/bad", get(|| WebResult::<String>::Err("no".into())))
            .route("/none", get(|| None::<String>))
            .route("/json", get(move || (StatusCode::CREATED, unencodable())))
            .route("/invalid", get(|| [("a b", "1")]))
            .route("/refused", get(|_: Json<u8>| ()))
            .route("/events", get(events))
            .route(
                "/shaped",
                get(|| HandleErrors::new(|| None::<String>, |_| Own)),
            )
    };
    let apps = |which| {
        move || match which {
            0 => routes().layer(cors),
            1 => routes().layer(waits),
            2 => routes().layer(limit),
            3 => routes().layer(wraps),
            _ => routes()
                .layer(|request, next: Next| next.run(request))
                .layer(cors),
        }
    };
    for app in (0..5).map(apps) {
        for (path, status) in [
            ("/own", 422),
            ("/awaited", 422),
            ("/bad", 500),
            ("/none", 404),
            ("/lost", 404),
            ("/json", 500),
            ("/invalid", 500),
            ("/refused", 400),
            // Its head is sent already when the event turns out to be invalid.
            ("/events", 200),
            ("/shaped", 422),
        ] {
            let response = TestRequest::get(path).call(app);
            let mark = response.header("x-mark");
            assert_eq!((response.status(), mark), (status, Some("1")), "{path}");
        }
        let response = TestRequest::put("/own").call(app);
        assert_eq!(
            (response.status(), response.header("x-mark")),
            (405, Some("1"))
        );
    }
}

/// A middleware's status counts for whatever the handler answered, in the document and behind
/// `HandleErrors`, too.
#[test]
fn statuses_of_middleware_count_for_errors() {
    async fn teapot(request: Request, next: Next) -> impl IntoResponse {
        (StatusCode::IM_A_TEAPOT, next.run(request).await)
    }
    let routes = || Router::new().route("/none", get(|| None::<String>));
    let app = move || routes().layer(teapot);
    let method = |request, next: Next| next.run(request).wait().with_status(418);
    for response in [
        TestRequest::get("/none").call(app),
        TestRequest::get("/lost").call(app),
        TestRequest::get("/none").call(move || routes().layer(method)),
    ] {
        assert_eq!(response.status(), 418);
        assert!(response.text().contains(r#""status":418"#));
    }
    let shaped = move || HandleErrors::new(app, |error| (error.status(), "shaped"));
    let response = TestRequest::get("/none").call(shaped);
    assert_eq!((response.status(), response.text()), (418, "shaped"));
}

/// Handlers, nested ones, fallbacks and middleware have the state; without one it is a 500 whose
/// reason is in the log.
#[test]
fn states() {
    let show = |State(state): State<u8>| state.to_string();
    fn double(mut request: Request, next: Next) -> WebResponse {
        if let Ok(State(state)) = State::<u8>::from_request(&mut request) {
            request.extensions_mut().insert(State(state * 2));
        }
        next.run(request).wait()
    }
    let app = || {
        Router::new()
            .route("/", get(show))
            .nest("/below", Router::new().route("/", get(show)).layer(double))
            .fallback(show)
            .with_state(7_u8)
            .with_state("another")
    };
    for (path, wanted) in [("/", "7"), ("/below", "14"), ("/lost", "7")] {
        assert_eq!(TestRequest::get(path).call(app).text(), wanted);
    }
    let response = TestRequest::get("/").call(|| Router::new().route("/", get(show)));
    assert_eq!(response.status(), 500);
    assert!(
        response.logged()[0]
            .message
            .contains("`State<u8>` is missing")
    );
}
