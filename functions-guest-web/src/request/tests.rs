use http::Method;

use super::*;
use crate::testing::TestRequest;

/// An extractor that implements no method is a 500 with the reason in the log, not an endless
/// recursion.
#[test]
fn extractor_without_a_method_is_told() {
    struct Empty;
    impl FromRequest for Empty {}

    let response = TestRequest::get("/").call(|_: Empty| ());
    assert_eq!(response.status(), 500);
    let logged = &response.logged()[0].message;
    assert!(
        logged.contains("Empty`") && logged.contains("implement `from_request`"),
        "{logged}"
    );
}

/// An `async` extractor may wait for another, and several may follow one another.
#[test]
fn async_extractors_nest() {
    struct Inner(usize);
    impl FromRequest for Inner {
        const BODY: bool = true;

        async fn from_request_async(request: &mut Request) -> Result<Self, Rejection> {
            crate::task::sleep(std::time::Duration::from_millis(1)).await;
            Ok(Self(String::from_request_async(request).await?.len()))
        }
    }
    struct Outer(usize);
    impl FromRequest for Outer {
        async fn from_request_async(request: &mut Request) -> Result<Self, Rejection> {
            Ok(Self(Method::from_request(request)?.as_str().len()))
        }
    }
    let handler = |Outer(method): Outer, Inner(body): Inner, again: Outer| {
        format!("{method} {body} {}", again.0)
    };
    let response = TestRequest::post("/").body("12345").call(handler);
    assert_eq!(response.text(), "4 5 4");
}
