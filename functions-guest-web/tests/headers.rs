//! Headers that HTTP allows once are sent once, and a default gives way to what the author sets.
#![expect(
    clippy::unwrap_used,
    reason = "tests say what they expect by unwrapping"
)]

use functions_bytes::Data;
use functions_bytes::encoding::Json;
use functions_guest_web::testing::TestRequest;
use functions_guest_web::{Event, IntoResponse, Redirect, Sse, WebResponse, WebResult};
use http::StatusCode;

fn values(response: WebResult<WebResponse>, name: &str) -> Vec<String> {
    let values = |response: &WebResponse| {
        let all = response
            .headers()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name));
        all.map(|(_, value)| String::from_utf8(value.to_vec()).unwrap())
            .collect()
    };
    values(&response.unwrap())
}

/// The author's content type wins over the body's, in either order, and the last body's over the
/// ones before.
#[test]
fn defaults_give_way() {
    let new = WebResponse::new;
    let json = || new().with_body(Json(1)).unwrap();
    for (response, expected) in [
        (Ok(json()), vec!["application/json"]),
        (
            Ok(json().header("Content-Type", "text/csv")),
            vec!["text/csv"],
        ),
        (
            new().header("content-type", "text/csv").with_body(Json(1)),
            vec!["text/csv"],
        ),
        (json().with_body("text"), vec!["text/plain; charset=utf-8"]),
        (json().with_body(Data::from("bytes")), vec![]),
        (
            json().header("content-type", "text/csv").with_body("a"),
            vec!["text/csv"],
        ),
        (
            Ok(json().with_headers(vec![("x".into(), "y".into())])),
            vec!["application/json"],
        ),
        (
            Ok(json().append_headers([("content-type", "a/b")])),
            vec!["a/b"],
        ),
        (
            Ok((StatusCode::OK, [("content-type", "a/b")], json()).into_response()),
            vec!["a/b"],
        ),
    ] {
        assert_eq!(values(response, "content-type"), expected);
    }
}

/// A header that HTTP allows once replaces the one before; any other adds to it.
#[test]
fn single_headers_are_single() {
    let twice = |name: &str| {
        let response = WebResponse::new().header(name, "1");
        values(Ok(response.header(name.to_uppercase(), "2")), name)
    };
    for name in [
        "content-type",
        "location",
        "etag",
        "last-modified",
        "retry-after",
        "content-md5",
        "cross-origin-embedder-policy",
        "cross-origin-embedder-policy-report-only",
        "cross-origin-opener-policy",
        "cross-origin-opener-policy-report-only",
        "cross-origin-resource-policy",
        "deprecation",
        "origin-agent-cluster",
        "refresh",
        "service-worker-allowed",
        "sourcemap",
        "sunset",
        "traceparent",
    ] {
        assert_eq!(twice(name), ["2"], "{name}");
    }
    for name in ["set-cookie", "vary", "link", "www-authenticate", "x-mine"] {
        assert_eq!(twice(name), ["1", "2"], "{name}");
    }
    let moved = (
        StatusCode::OK,
        [("location", "/b")],
        Redirect::see_other("/a"),
    );
    assert_eq!(values(Ok(moved.into_response()), "location"), ["/b"]);
}

/// Events have headers of their own, which give way, too.
#[test]
fn defaults_of_events_give_way() {
    let headers = [
        ("cache-control", "no-store"),
        ("content-type", "text/event-stream;x=1"),
    ];
    let events = || (StatusCode::OK, headers, Sse([Event::data("x")]));
    let response = TestRequest::get("/").call(events);
    for (name, value) in headers {
        assert_eq!(response.header_all(name).collect::<Vec<_>>(), [value]);
    }
    let response = TestRequest::get("/").call(|| Sse([Event::data("x")]));
    assert_eq!(response.header("content-type"), Some("text/event-stream"));
    assert_eq!(response.header("cache-control"), Some("no-cache"));
}

/// The headers of a request are headers of a response, byte by byte.
#[test]
fn headers_of_a_request_pass_on() {
    use functions_guest_web::{Headers, WebEnvironment};

    let echo = |env: WebEnvironment| -> (Headers, &'static str) { (env.headers().clone(), "here") };
    let response = TestRequest::get("/")
        .header("x-one", "1")
        .header("x-one", "2")
        .call(echo);
    let all: Vec<_> = response.header_all("x-one").collect();
    assert_eq!((all, response.text()), (vec!["1", "2"], "here"));
}
