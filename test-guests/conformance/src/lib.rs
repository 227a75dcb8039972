//! Handlers whose responses are the same natively, with `TestRequest`, and on the host.
//!
//! `cases` lists requests to these handlers with the expected responses. The host's integration test
//! `conformance` runs each case both ways.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

#[cfg(not(target_family = "wasm"))]
pub mod cases;

use std::collections::BTreeMap;
use std::time::Duration;

use functions_bytes::encoding::{Form, Json};
use functions_guest_web::routing::{any, get, post};
use functions_guest_web::{
    Event, FromRequest, Path, Query, Redirect, Rejection, Request, Router, Sse, WebEnvironment,
    WebError, WebResponse, WebResult, invoke, task,
};
use http::{StatusCode, header};

invoke!(app);
/// The handlers, one path each.
pub fn app() -> Router {
    Router::new()
        .route("/text", get(|| "text"))
        .route("/bytes", get(|| vec![0_u8, 255]))
        .route("/echo", post(|Json(value): Json<u64>| Json(value)))
        .route(
            "/query",
            get(|Query(all): Query<BTreeMap<String, u8>>| format!("{all:?}")),
        )
        .route(
            "/form",
            any(|Form(all): Form<BTreeMap<String, String>>| format!("{all:?}")),
        )
        .route("/blanks", get(|| [("x-secret", " a b ")]))
        .route("/nothing", get(|| ()))
        .route("/none", get(|| (StatusCode::CREATED, None::<String>)))
        .route("/status/{status}", get(status))
        .route("/headers/{count}", get(headers))
        .route("/header-bytes/{count}", get(header_bytes))
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
        .route("/request-headers", get(request_headers))
        .route("/declared", any(declared))
        .route(
            "/only-headers",
            get(|| [(header::CACHE_CONTROL, "no-store")]),
        )
        .route("/stream/{status}", get(stream))
        .route("/stream-headers/{count}", get(stream_headers))
        .route("/stream-bytes/{count}", get(stream_bytes))
        .route("/stream-waits", get(stream_waits))
        .route("/stream-in-tuple", get(stream_in_tuple))
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

/// One header whose name and value have the given number of bytes.
fn header_bytes(Path(count): Path<usize>) -> WebResponse {
    WebResponse::new().header("x-long", vec![b'1'; count - "x-long".len()])
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

/// Takes the body without declaring it.
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
        env.method(),
        env.path(),
        env.query(),
        header("content-length"),
        header("x"),
    )
}

/// The headers that the client set, in order.
fn request_headers(env: WebEnvironment) -> String {
    let mut seen = String::new();
    for (name, value) in env.headers().iter() {
        let is_own = name.starts_with("x") || ["te", "connection", "keep-alive"].contains(&name);
        if is_own {
            seen.push_str(&format!("{name}={value};"));
        }
    }
    seen
}

/// Sets a length without a body.
fn declared() -> WebResponse {
    WebResponse::new().header(header::CONTENT_LENGTH, 12345)
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

/// Chunks of 32 KiB.
fn stream_bytes(Path(chunks): Path<usize>) -> WebResult<WebResponse> {
    WebResponse::new().stream(move |writer| {
        for _ in 0..chunks {
            writer.send(vec![b'x'; 32 * 1024])?;
        }
        Ok(())
    })
}

async fn stream_waits() -> WebResult<WebResponse> {
    WebResponse::new()
        .stream_async(async |writer| {
            writer.send_async("one ").await?;
            task::sleep(Duration::from_millis(20)).await;
            Ok(writer.send_async("two").await?)
        })
        .await
}

/// Sets the status after the response has started.
fn stream_in_tuple() -> WebResult<(StatusCode, WebResponse)> {
    let sent = WebResponse::new().stream(|writer| Ok(writer.send("sent")?))?;
    Ok((StatusCode::CREATED, sent))
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
