//! Errors stay errors until the response is sent, whatever is around them.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests say what they expect by unwrapping"
)]

mod shapes;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use functions_bytes::encoding::Json;
use functions_bytes::{Data, ReadError};
use functions_guest_web::testing::{TestRequest, TestResponse};
use functions_guest_web::{
    Event, HandleErrors, IntoResponse, Redirect, Rejection, Sse, WebError, WebResponse, WebResult,
};
use http::StatusCode;

type BoxError = Box<dyn Error + Send + Sync>;

/// A value that has no form in JSON: a name must be text.
fn unencodable() -> Json<BTreeMap<Vec<u8>, u8>> {
    Json(BTreeMap::from([(vec![1], 1)]))
}

fn answer<T: IntoResponse>(value: impl Fn() -> T) -> TestResponse {
    TestRequest::get("/").call(value)
}

/// The problem document's status, after a check that it is the response's.
fn problem(response: &TestResponse) -> u16 {
    assert_eq!(
        response.header("content-type"),
        Some("application/problem+json")
    );
    let document: serde_json::Value = serde_json::from_str(response.text()).unwrap();
    assert_eq!(document["status"], response.status());
    response.status()
}

/// An application's own error, which is no `std::error::Error`.
struct Teapot;

impl IntoResponse for Teapot {
    fn into_response(self) -> WebResponse {
        (
            StatusCode::IM_A_TEAPOT,
            [("x-pot", "tea")],
            "short and stout",
        )
            .into_response()
    }
}

/// One that is.
#[derive(Debug)]
struct AppError(u16);

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error {}", self.0)
    }
}

impl Error for AppError {}

impl IntoResponse for AppError {
    fn into_response(self) -> WebResponse {
        WebResponse::new().with_status(self.0)
    }
}

/// A failure inside a tuple, an `http::Response` or an `Option` keeps its status, its document and
/// none of the headers that were for the success.
#[test]
fn failures_in_tuples_keep_their_status() {
    let headers = [
        ("content-type", "text/csv"),
        ("cache-control", "max-age=60"),
    ];
    let rejection = || Rejection::new(StatusCode::CONFLICT, "there already");
    let failed: [(u16, TestResponse); 10] = [
        (500, answer(|| (StatusCode::CREATED, unencodable()))),
        (
            500,
            answer(|| (StatusCode::CREATED, headers, unencodable())),
        ),
        (
            500,
            answer(|| (StatusCode::ACCEPTED, (StatusCode::CREATED, unencodable()))),
        ),
        (
            500,
            answer(|| (StatusCode::CREATED, WebResult::<String>::Err("no".into()))),
        ),
        (
            409,
            answer(|| (StatusCode::CREATED, Err::<(), _>(rejection()))),
        ),
        (
            409,
            answer(|| (StatusCode::CREATED, headers, Err::<(), _>(rejection()))),
        ),
        (409, answer(|| (StatusCode::CREATED, rejection()))),
        (
            404,
            answer(|| (StatusCode::CREATED, headers, None::<String>)),
        ),
        (500, answer(|| (StatusCode::CREATED, Some(unencodable())))),
        (
            500,
            answer(|| {
                let response = http::Response::builder().status(201);
                let response = response.header("cache-control", "max-age=60");
                response.body(unencodable()).unwrap()
            }),
        ),
    ];
    for (place, (status, response)) in failed.iter().enumerate() {
        assert_eq!(problem(response), *status, "{place}");
        assert_eq!(response.header("cache-control"), None, "{place}");
    }
}

/// A response is a value: a tuple adds its headers, and its status unless the response has an error inside.
#[test]
fn tuples_around_responses_add_headers() {
    let headers = || [("x-id", "1"), ("content-type", "text/csv")];
    for (status, response) in [
        (
            500,
            answer(move || {
                (
                    StatusCode::CREATED,
                    headers(),
                    unencodable().into_response(),
                )
            }),
        ),
        (404, answer(move || (headers(), None::<()>.into_response()))),
    ] {
        assert_eq!(
            (problem(&response), response.header("x-id")),
            (status, Some("1"))
        );
    }
    let own = || Err::<(), _>(Teapot).into_response();
    let response = answer(move || (headers(), own()));
    assert_eq!(
        (response.status(), response.header("x-id")),
        (418, Some("1"))
    );
    let response = answer(move || (StatusCode::CREATED, own()));
    assert_eq!(response.status(), 201);
    // In the tuple itself, an `Err` is an error.
    let response = answer(move || (StatusCode::CREATED, headers(), Err::<(), _>(own())));
    assert_eq!((response.status(), response.header("x-id")), (418, None));
}

/// A status that is set on an error does not turn it into a success; headers reach the client.
#[test]
fn methods_leave_errors_errors() {
    let response = answer(|| {
        unencodable()
            .into_response()
            .with_status(201)
            .header("x-id", "1")
    });
    assert_eq!(
        (problem(&response), response.header("x-id")),
        (500, Some("1"))
    );
    let response = answer(|| unencodable().into_response().with_body("fine"));
    assert_eq!(problem(&response), 500);
    assert_eq!(
        response.logged().len(),
        1,
        "an error that is passed on is logged once"
    );
}

/// An error type's own response is the answer, whether or not it is an `Error`, in a tuple as well.
#[test]
fn error_types_answer_for_themselves() {
    let response = answer(|| Err::<String, _>(Teapot));
    assert_eq!(
        (response.status(), response.text()),
        (418, "short and stout")
    );
    let response = answer(|| {
        (
            StatusCode::CREATED,
            [("x-pot", "none")],
            Err::<String, _>(Teapot),
        )
    });
    assert_eq!(
        (response.status(), response.header("x-pot")),
        (418, Some("tea"))
    );
    assert_eq!(answer(|| Err::<String, _>(AppError(409))).status(), 409);
    let response = answer(|| Err::<(), _>((StatusCode::BAD_REQUEST, "no such colour".to_owned())));
    assert_eq!(
        (response.status(), response.text()),
        (400, "no such colour")
    );
    let response = answer(|| Err::<String, _>(Redirect::see_other("/login")));
    assert_eq!(
        (response.status(), response.header("location")),
        (303, Some("/login"))
    );
    // As axum: a `Result` is a response by itself, and not only where a handler returns it.
    assert_eq!(
        Err::<String, _>(AppError(410)).into_response().status(),
        410
    );
    let inner: Result<Result<String, AppError>, Teapot> = Ok(Err(AppError(411)));
    assert_eq!(inner.into_response().status(), 411);
}

/// `?` takes errors whose type is forgotten, and texts; the client learns nothing of them.
#[test]
fn question_mark_takes_any_error() {
    let handlers: [fn() -> WebResult<()>; 5] = [
        || Err(anyhow::anyhow!("on fire"))?,
        || Err(BoxError::from("on fire"))?,
        || Err("on fire")?,
        || Err(String::from("on fire"))?,
        || Err(std::io::Error::other("on fire"))?,
    ];
    for handler in handlers {
        let response = answer(handler);
        assert_eq!(problem(&response), 500);
        assert!(!response.text().contains("fire"));
        assert_eq!(response.logged()[0].message, "the handler failed: on fire");
    }
}

/// An SDK error keeps its status and its text inside any other error.
#[test]
fn erased_errors_keep_their_status() {
    use anyhow::Context as _;

    let too_large = || ReadError::TooLarge { limit: 7 };
    let rejection = || Rejection::new(StatusCode::UNAUTHORIZED, "who are you?");
    let handlers: [(u16, &str, BoxError); 8] = [
        (413, "longer than 7", too_large().into()),
        (
            413,
            "longer than 7",
            anyhow::Error::from(too_large()).into(),
        ),
        (
            413,
            "longer than 7",
            anyhow::Error::from(too_large()).context("reading").into(),
        ),
        (
            413,
            "longer than 7",
            anyhow::Error::from(std::io::Error::from(too_large())).into(),
        ),
        (401, "who are you?", rejection().into()),
        (401, "who are you?", anyhow::Error::from(rejection()).into()),
        (
            401,
            "who are you?",
            std::io::Error::other(rejection()).into(),
        ),
        (
            502,
            "upstream",
            anyhow::Error::from(ReadError::Upstream(Box::new(too_large()))).into(),
        ),
    ];
    for (status, told, error) in handlers {
        let error = WebError::from(error);
        assert_eq!(error.status(), status, "{error}");
        assert!(
            error.public().is_some_and(|public| public.contains(told)),
            "{error}"
        );
        assert!(!error.to_string().contains("answered with"), "{error}");
    }
    let read = || -> WebResult<Vec<u8>> {
        let body = Data::from("12345678").into_bytes_up_to(7);
        Ok(body.context("reading the body")?)
    };
    let response = answer(read);
    assert_eq!(problem(&response), 413);
    assert_eq!(
        response.logged()[0].message,
        "the handler failed: reading the body: the body is longer than 7 bytes"
    );
}
