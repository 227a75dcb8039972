//! Errors that are shaped in one place.

use super::*;

/// The shape of all errors of a function.
fn shape(error: WebError) -> (StatusCode, [(&'static str, &'static str); 1], String) {
    let told = error.public().unwrap_or("sorry").to_owned();
    (error.status(), [("x-shape", "own")], told)
}

/// One place shapes all errors of a function: failures, rejections, values and headers that cannot be
/// sent, events that fail before the first one. Other responses pass.
#[test]
fn errors_are_shaped_in_one_place() {
    fn shaped<T: IntoResponse + 'static>(
        handler: fn(Json<u8>) -> T,
        body: &'static str,
    ) -> TestResponse {
        TestRequest::post("/")
            .body(body)
            .call(move || HandleErrors::new(handler, shape))
    }
    let failed = [
        (
            500,
            "sorry",
            shaped(|_| WebResult::<()>::Err("secret".into()), "1"),
        ),
        (400, "invalid type", shaped(|_| (), "\"text\"")),
        (
            500,
            "sorry",
            shaped(|_| (StatusCode::CREATED, unencodable()), "1"),
        ),
        (
            500,
            "sorry",
            shaped(
                |_| WebResponse::new().header("a b", "c").header("etag", "x"),
                "1",
            ),
        ),
        (404, "not found", shaped(|_| None::<()>, "1")),
        (
            500,
            "sorry",
            shaped(|_| WebResponse::new().stream(|_| Err("secret".into())), "1"),
        ),
        (
            500,
            "sorry",
            shaped(
                |_| (StatusCode::OK, [("x y", "")], Sse([Event::data("x")])),
                "1",
            ),
        ),
    ];
    for (status, told, response) in failed {
        assert_eq!(
            (response.status(), response.header("x-shape")),
            (status, Some("own"))
        );
        assert!(response.text().contains(told), "{response:?}");
        assert_eq!(
            response.header("content-type"),
            Some("text/plain; charset=utf-8")
        );
        assert_eq!(response.header("etag"), None);
        let secrets = response.logged().iter();
        assert!(
            secrets
                .filter(|record| record.message.contains("secret"))
                .count()
                <= 1
        );
    }
    let fine = shaped(|Json(number)| number.to_string(), "7");
    assert_eq!(
        (fine.status(), fine.text(), fine.header("x-shape")),
        (200, "7", None)
    );
    let own = shaped(|_| Err::<(), _>(Teapot), "7");
    assert_eq!((own.status(), own.header("x-shape")), (418, None));
}

/// An error that the shape only changes is answered as usual, and logged once.
#[test]
fn shapes_may_answer_with_the_error() {
    let response = TestRequest::get("/").call(|| {
        HandleErrors::new(
            || WebResult::<()>::Err("secret".into()),
            |error| error.with_public("try later"),
        )
    });
    assert_eq!(problem(&response), 500);
    assert!(response.text().contains("try later"));
    assert_eq!(response.logged().len(), 1, "{response:?}");
}

/// What a router has no handler for is an error as well, and `Allow` is still told.
#[cfg(feature = "router")]
#[test]
fn routers_errors_are_shaped() {
    use functions_guest_web::Router;
    use functions_guest_web::routing::get;

    let routes = || Router::new().route("/here", get(|| "here"));
    let app = || HandleErrors::new(routes, shape);
    let response = TestRequest::get("/there").call(app);
    assert_eq!(
        (response.status(), response.text()),
        (404, "no route matches this path")
    );
    let response = TestRequest::post("/here").call(app);
    assert_eq!(
        (response.status(), response.header("x-shape")),
        (405, Some("own"))
    );
    assert_eq!(response.header("allow"), Some("GET, HEAD, OPTIONS"));
    assert_eq!(TestRequest::get("/here").call(app).text(), "here");
}

fn headers_of<'a>(response: &'a TestResponse, name: &str) -> Vec<&'a str> {
    response.header_all(name).collect()
}

/// Headers that a layer repeats stay repeated on the answer that another makes of an error; those that
/// the answer sets itself take the place of all of that name.
#[test]
fn repeated_headers_stay_on_an_error() {
    let failed = || {
        let response = WebResult::<()>::Err("secret".into()).into_response();
        let response = response
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=2");
        response.header("vary", "origin").header("vary", "accept")
    };
    let response = TestRequest::get("/").call(move || {
        HandleErrors::new(failed, |error| {
            (error.status(), [("vary", "cookie")], "sorry")
        })
    });
    assert_eq!(response.text(), "sorry");
    assert_eq!(headers_of(&response, "set-cookie"), ["a=1", "b=2"]);
    assert_eq!(headers_of(&response, "vary"), ["cookie"]);
}

/// What a layer adds to a response with an invalid header is on the failure that it becomes.
#[cfg(feature = "router")]
#[test]
fn layers_add_to_a_response_with_an_invalid_header() {
    use functions_guest_web::routing::{Next, get};
    use functions_guest_web::{Request, Router};

    let wait = |request: Request, next: Next| {
        let response = next.run(request).wait();
        response.header("access-control-allow-origin", "*")
    };
    let awaited = async |request: Request, next: Next| {
        let response = next.run(request).await;
        response.header("access-control-allow-credentials", "true")
    };
    let invalid = || ([("x", "a\nb"), ("etag", "1")], "x");
    let response = TestRequest::get("/").call(move || {
        let routes = Router::new().route("/", get(invalid));
        routes.layer(wait).layer(awaited)
    });
    assert_eq!(problem(&response), 500);
    assert_eq!(response.header("access-control-allow-origin"), Some("*"));
    assert_eq!(
        response.header("access-control-allow-credentials"),
        Some("true")
    );
    assert_eq!(
        (response.header("x"), response.header("etag")),
        (None, None)
    );
}
