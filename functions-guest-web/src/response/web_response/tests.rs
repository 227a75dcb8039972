use super::*;
use crate::testing::TestRequest;

/// A content type that the handler set is left as it is.
#[test]
fn content_type_of_the_handler_wins() {
    let response = WebResponse::new().header("Content-Type", "text/csv");
    let response = response.with_body("a,b").unwrap();
    let all: Vec<_> = response.headers().collect();
    assert_eq!(all, [("Content-Type", &b"text/csv"[..])]);
}

/// What HTTP does not allow is the first error that the handler gets, or a 500 without a body.
#[test]
fn invalid_parts_are_errors() {
    let invalid = WebResponse::new()
        .header("a b", "")
        .with_status(99)
        .with_body("");
    assert!(invalid.unwrap_err().to_string().contains("a b"));
    for (status, answered) in [
        (0, 500),
        (99, 500),
        (100, 500),
        (199, 500),
        // From an upstream, whose fault it is.
        (600, 502),
        (1000, 502),
    ] {
        let response = TestRequest::get("/").call(|| WebResponse::new().with_status(status));
        assert_eq!(response.status(), answered, "{status}");
        assert!(response.logged()[0].message.contains(&status.to_string()));
    }
    assert_eq!(
        WebResponse::new().with_status(StatusCode::CREATED).status(),
        201
    );
}

/// `header` adds, `with_headers` replaces.
#[test]
fn headers_add_up() {
    let response = WebResponse::new().header("x", "1").header("x", "2");
    assert_eq!(response.headers().count(), 2);
    let response = response.with_headers(vec![("y".into(), "3".into())]);
    let response = response.append_headers([("y", "4")]);
    assert_eq!(
        response.headers().collect::<Vec<_>>(),
        [("y", &b"3"[..]), ("y", b"4")]
    );
}

/// Blanks around a value are left out, and control characters refused there, too.
#[test]
fn values_are_trimmed() {
    let response = WebResponse::new().header("x", " a b\t").header("y", " ");
    let all: Vec<_> = response.headers().collect();
    assert_eq!(all, [("x", &b"a b"[..]), ("y", b"")]);
    let refused = WebResponse::new().header("x", "a\n").with_body("");
    assert!(refused.is_err());
}
