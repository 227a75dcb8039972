//! The code of the programming model's page, "Building Web Functions", compiles and runs unchanged but
//! for the crates' names.
#![cfg(all(feature = "json", feature = "web"))]
#![expect(clippy::needless_question_mark, reason = "as the page has it")]

mod ping {
    use functions_bytes::Data;
    use functions_guest_web::invoke;

    invoke!(ping);
    pub(crate) fn ping(_payload: Data) -> &'static str {
        "pong"
    }
}

mod greet {
    use functions_bytes::encoding::Json;
    use functions_guest_web::invoke;

    #[derive(serde::Deserialize)]
    pub(crate) struct Request {
        name: String,
    }

    #[derive(serde::Serialize)]
    pub(crate) struct Response {
        message: String,
    }

    invoke!(greet);
    pub(crate) fn greet(Json(request): Json<Request>) -> Json<Response> {
        Json(Response {
            message: format!("Hello, {}!", request.name),
        })
    }
}

mod handler {
    use functions_bytes::{Data, encoding::Json};
    use functions_guest_web::{WebResponse, WebResult, invoke};

    #[derive(serde::Serialize)]
    struct Body {
        message: String,
    }

    invoke!(handler);
    pub(crate) fn handler(_payload: Data) -> WebResult<WebResponse> {
        Ok(WebResponse::new()
            .with_status(200)
            .header("Content-Type", "application/json")
            .with_body(Json(Body {
                message: "ok".to_string(),
            }))?)
    }
}

mod echo_details {
    use functions_bytes::encoding::Json;
    use functions_guest_web::{WebEnvironment, WebResponse, WebResult, invoke};
    use serde::Deserialize;

    #[derive(Deserialize)]
    pub(crate) struct Request {
        headers_to_send_back: std::collections::HashMap<String, String>,
    }

    invoke!(echo_details);
    pub(crate) fn echo_details(Json(request): Json<Request>) -> WebResult<WebResponse> {
        let env = WebEnvironment::load();
        let headers = env.headers();
        let path = env.http_path();
        let invocation_id = env.invocation_id();
        let your_token_metadata = env.token_metadata().as_deref().unwrap_or("");

        // Don't echo secrets back!
        let to_echo = headers
            .iter()
            .filter(|(k, _)| *k != "authorization")
            .map(|(k, v)| format!("'{k}'='{v}'"))
            .collect::<Vec<_>>()
            .join(", ");

        Ok(WebResponse::new()
            .with_status(200)
            .with_headers(request.headers_to_send_back.into_iter().collect())
            .with_body(format!("invocation: {invocation_id}, user: {your_token_metadata}, path: {path}, headers: {to_echo}"))?)
    }
}

mod proxy {
    use functions_bytes::Data;
    use functions_guest_web::{WebResponse, WebResult, invoke};
    use functions_http::{Request as HttpRequest, invoke as http_invoke};

    invoke!(proxy);
    pub(crate) fn proxy(payload: Data) -> WebResult<WebResponse> {
        let upstream =
            http_invoke(HttpRequest::new("https://example.com/echo", "POST").with_body(payload))?;
        Ok(WebResponse::new()
            .with_status(upstream.status as u16)
            .with_body(upstream.body)?)
    }
}

use functions_guest_web::testing::TestRequest;
use functions_http::Response;

/// Every handler of the page answers as the page says.
#[test]
fn handlers_of_the_page_answer() {
    let pong = TestRequest::get("/").call(ping::ping);
    assert_eq!(pong.text(), "pong");
    let hello = TestRequest::post("/").body(r#"{"name":"Ada"}"#);
    let hello = hello.call(greet::greet);
    assert_eq!(hello.text(), r#"{"message":"Hello, Ada!"}"#);
    let bad = TestRequest::post("/").body("{").call(greet::greet);
    assert_eq!(bad.status(), 400);
    let ok = TestRequest::get("/").call(handler::handler);
    assert_eq!(ok.text(), r#"{"message":"ok"}"#);
    let details = TestRequest::post("/there")
        .header("authorization", "secret")
        .body(r#"{"headers_to_send_back":{"x-one":"1"}}"#)
        .call(echo_details::echo_details);
    assert_eq!(details.header("x-one"), Some("1"));
    assert!(details.text().contains("path: /there") && !details.text().contains("secret"));
}

/// The proxy passes a body on and the answer back.
#[test]
fn proxy_of_the_page_answers() {
    let _server = functions_http::testing::respond_with(|request| {
        assert_eq!(
            (request.method(), request.url()),
            ("POST", "https://example.com/echo")
        );
        Ok(Response::new(201).with_body(request.into_body()))
    });
    let echoed = TestRequest::post("/").body("body").call(proxy::proxy);
    assert_eq!((echoed.status(), echoed.text()), (201, "body"));
}
