//! Handlers whose responses must be the same natively, with `TestRequest`, and on the host.
//!
//! `cases` is the list: a request to one of the handlers, and what the response must be. The host's
//! integration test `conformance` takes each case both ways.
#![deny(missing_docs)]

#[cfg(not(target_family = "wasm"))]
pub mod cases;

use std::collections::BTreeMap;

use functions_bytes::encoding::Json;
use functions_guest_web::routing::{any, get, post};
use functions_guest_web::{
    Event, FromRequest, Path, Query, Redirect, Rejection, Request, Router, Sse, WebEnvironment,
    WebError, WebResponse, WebResult, invoke,
};
use http::StatusCode;

invoke!(app);
/// Every handler, one path each.
pub fn app() -> Router {
    Router::new()
        .route("/text", get(|| "text"))
        .route("/bytes", get(|| vec![0_u8, 255]))
        .route("/echo", post(|Json(value): Json<u64>| Json(value)))
        .route(
            "/query",
            get(|Query(all): Query<BTreeMap<String, u8>>| format!("{all:?}")),
        )
        .route("/nothing", get(|| ()))
        .route("/none", get(|| (StatusCode::CREATED, None::<String>)))
        .route("/status/{status}", get(status))
        .route("/headers/{count}", get(headers))
        .route(
            "/invalid-header",
            get(|| WebResponse::new().header("a b", "c")),
        )
        .route("/framing", get(framing))
        .route("/unencodable", get(|| (StatusCode::CREATED, unencodable())))
        .route(
            "/error",
            get(|| WebResult::<()>::Err(WebError::internal("secret"))),
        )
        .route(
            "/told",
            get(|| Err::<(), _>(WebError::new(StatusCode::CONFLICT, "taken"))),
        )
        .route(
            "/own-error",
            get(|| Err::<(), _>((StatusCode::IM_A_TEAPOT, "short".to_owned()))),
        )
        .route(
            "/rejected",
            get(|| Err::<(), _>(Rejection::new(StatusCode::GONE, "gone"))),
        )
        .route("/redirect", get(|| Redirect::see_other("elsewhere")))
        .route("/twice", post(|_: Silent, body: String| body))
        .route(
            "/variable",
            get(|| std::env::var("CONFORMANCE").unwrap_or_default()),
        )
        .route("/request", any(request))
        .route("/stream/{status}", get(stream))
        .route("/stream-headers/{count}", get(stream_headers))
        .route("/stream-fails/{after}", get(stream_fails))
        .route("/stream-then", get(stream_then))
        .route(
            "/events",
            get(|| Sse([Event::data("one"), Event::data("two")])),
        )
}

fn status(Path(status): Path<u16>) -> WebResult<WebResponse> {
    WebResponse::new().with_status(status).with_body("body")
}

fn many(count: usize) -> Vec<(String, &'static str)> {
    (0..count)
        .map(|number| (format!("x{number}"), "1"))
        .collect()
}

fn headers(Path(count): Path<usize>) -> WebResponse {
    WebResponse::new().append_headers(many(count))
}

fn framing() -> WebResponse {
    WebResponse::new().append_headers([
        ("content-length", "99"),
        ("transfer-encoding", "gzip"),
        ("connection", "close, x-secret"),
        ("x-secret", "1"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
    ])
}

fn unencodable() -> Json<BTreeMap<Vec<u8>, u8>> {
    Json(BTreeMap::from([(vec![1], 1)]))
}

/// Takes the body, and does not say so.
struct Silent;

impl FromRequest for Silent {
    fn from_request(request: &mut Request) -> Result<Self, Rejection> {
        drop(request.take_body());
        Ok(Self)
    }
}

fn request(env: WebEnvironment) -> String {
    let header = |name| env.headers().get(name).unwrap_or("none");
    let has_host = env.headers().contains("host");
    format!(
        "{} {} {:?} host={has_host} length={} x={}",
        env.http_method(),
        env.http_path(),
        env.http_query(),
        header("content-length"),
        header("x"),
    )
}

fn stream(Path(status): Path<u16>) -> WebResult<WebResponse> {
    WebResponse::new().with_status(status).stream(|writer| {
        writer.send("one ")?;
        Ok(writer.send("two")?)
    })
}

fn stream_headers(Path(count): Path<usize>) -> WebResult<WebResponse> {
    WebResponse::new()
        .append_headers(many(count))
        .stream(|writer| Ok(writer.send("body")?))
}

fn stream_fails(Path(after): Path<usize>) -> WebResult<WebResponse> {
    WebResponse::new().with_status(201).stream(move |writer| {
        for _ in 0..after {
            writer.send("chunk")?;
        }
        Err(WebError::internal("secret"))
    })
}

fn stream_then() -> WebResult<&'static str> {
    let _sent = WebResponse::new().stream(|writer| Ok(writer.send("first")?))?;
    Ok("second")
}
