//! A fault of the function's author is answered as any other failure: 500, with the id under which the log has the
//! reason, and nothing of it.
#![cfg(all(feature = "router", feature = "query", feature = "form"))]

use functions_bytes::encoding::Form;
use functions_guest_web::routing::{get, post};
use functions_guest_web::testing::{TestRequest, TestResponse};
use functions_guest_web::{Extension, FromRequest, Path, Query, Rejection, Request, Router, State};
use http::StatusCode;

#[derive(serde::Deserialize)]
struct Page {
    #[serde(rename = "page")]
    _page: u8,
}

/// Has a number where serde offers a text only.
#[derive(serde::Deserialize)]
struct Flat {
    #[serde(flatten)]
    _page: Page,
}

/// Implements none of the methods.
struct Unwritten;

impl FromRequest for Unwritten {}

/// Takes the body without declaring it.
struct Silent;

impl FromRequest for Silent {
    fn from_request(request: &mut Request) -> Result<Self, Rejection> {
        drop(request.take_body());
        Ok(Self)
    }
}

fn routed(router: Router) -> TestResponse {
    TestRequest::post("/7?page=1")
        .body("page=1")
        .invocation_id("id-7")
        .call(|| router)
}

/// Every kind of misuse is the same to the client, and its reason is in the log.
#[test]
fn misuse_has_the_id_of_its_invocation() {
    let to = |methods| routed(Router::new().route("/{id}", methods));
    for (response, why) in [
        (to(post(|_: State<u8>| ())), "`State<u8>` is missing"),
        (
            to(post(|_: Extension<u8>| ())),
            "`Extension<u8>` is missing",
        ),
        (to(post(|_: Path<(u8, u8)>| ())), "does not fit the route"),
        (to(post(|_: Path<Page>| ())), "does not fit the route"),
        (to(post(|_: Query<Flat>| ())), "`Query` cannot be used here"),
        (
            to(post(|_: Option<Query<Flat>>| ())),
            "`Query` cannot be used here",
        ),
        (to(post(|_: Form<Flat>| ())), "the body cannot be decoded"),
        (to(post(|_: Silent, _: String| ())), "taken twice"),
        (to(post(|_: Unwritten| ())), "Unwritten"),
        (
            routed(Router::new().fallback(|_: Path<u8>| ())),
            "not behind a `Router`'s route",
        ),
    ] {
        assert_eq!(
            response.text(),
            r#"{"title":"Internal Server Error","status":500,"detail":"the function failed","invocationId":"id-7"}"#,
            "{why}"
        );
        let logged = response.logged();
        assert!(
            logged.iter().any(|record| record.message.contains(why)),
            "{why}: {logged:?}"
        );
    }
}

/// A refusal with such a status has the id as well; a client's fault is told to the client, and has none.
#[test]
fn refusals_of_clients_have_no_id() {
    for (status, has_id) in [(400, false), (404, false), (500, true), (503, true)] {
        let status = StatusCode::from_u16(status).unwrap_or_default();
        let refuse = move || Err::<(), _>(Rejection::new(status, "no"));
        let response = TestRequest::get("/").call(refuse);
        assert_eq!(response.status(), status);
        let text = response.text();
        assert_eq!(text.contains("invocationId"), has_id, "{text}");
    }
    let app = || Router::new().route("/", get(|_: Query<Page>| ()));
    for path in ["/x", "/?page=x"] {
        let response = TestRequest::get(path).call(app);
        assert!(!response.text().contains("invocationId"));
    }
}
