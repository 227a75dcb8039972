//! A body is taken once: a second time is an error, for every extractor.

use functions_guest_web::testing::{TestRequest, TestResponse};
use functions_guest_web::{FromRequest, HandleErrors, Rejection, Request};

/// An extractor that takes the body, and does not say so.
struct Silent(Vec<u8>);

impl FromRequest for Silent {
    fn from_request(request: &mut Request) -> Result<Self, Rejection> {
        Ok(Self(request.take_body().into_bytes()?))
    }
}

/// One that takes it twice by itself.
struct Twice;

impl FromRequest for Twice {
    fn from_request(request: &mut Request) -> Result<Self, Rejection> {
        String::from_request(request)?;
        Silent::from_request(request)?;
        Ok(Self)
    }
}

fn post() -> TestRequest {
    TestRequest::post("/").body("hello")
}

fn is_refused(response: &TestResponse) {
    assert_eq!(response.status(), 500, "{response:?}");
    assert!(!response.text().contains("twice"), "{response:?}");
    assert!(
        response.text().contains(r#""invocationId":"test""#),
        "{response:?}"
    );
    let logged = response.logged();
    assert!(
        logged
            .iter()
            .any(|record| record.message.contains("taken twice")),
        "{response:?}"
    );
}

/// The handler does not run, and does not see an empty body: with extractors of any kind, in any
/// order, optional ones too, and where the second would have refused an empty body.
#[test]
fn second_taker_is_refused() {
    fn never() -> &'static str {
        "ran"
    }
    is_refused(&post().call(|_: Silent, _: Silent| never()));
    is_refused(&post().call(|_: Silent, _: String| never()));
    is_refused(&post().call(|_: String, _: Silent| never()));
    is_refused(&post().call(|_: Option<Silent>, _: Result<Silent, Rejection>| never()));
    is_refused(&post().call(|_: Silent, _: functions_bytes::encoding::Json<u8>| never()));
    is_refused(&post().call(|_: Twice| never()));
    let response = post().call(|body: Silent| body.0);
    assert_eq!((response.status(), response.text()), (200, "hello"));
}

/// What a handler is inside of may have taken the body as well.
#[test]
fn handlers_inside_are_refused() {
    is_refused(&post().call(|_: String| HandleErrors::new(|body: String| body, |error| error)));
    let inside = || HandleErrors::new(|body: String| body, |error| error);
    assert_eq!(post().call(inside).text(), "hello");
}

/// The same behind a router.
#[cfg(feature = "router")]
#[test]
fn routed_handlers_are_refused() {
    use functions_guest_web::Router;
    use functions_guest_web::routing::post as to;

    is_refused(&post().call(|_: String| Router::new().route("/", to(|body: String| body))));
    let app = || Router::new().route("/", to(|body: String| body));
    assert_eq!(post().call(app).text(), "hello");
}
