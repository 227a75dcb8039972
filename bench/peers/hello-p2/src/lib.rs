//! Sends the answer of `ping`, for `wasmtime serve` with WASI 0.2.

#[cfg(feature = "count")]
use std::sync::atomic::{AtomicU32, Ordering};

use wstd::http::{Body, Request, Response, Result};

#[wstd::http_server]
async fn main(_request: Request<Body>) -> Result<Response<Body>> {
    let response = Response::builder().header("content-type", "text/plain; charset=utf-8");
    Ok(response.body(answer().into())?)
}

#[cfg(not(feature = "count"))]
fn answer() -> &'static str {
    "pong"
}

#[cfg(feature = "count")]
fn answer() -> String {
    static REQUESTS: AtomicU32 = AtomicU32::new(0);
    (REQUESTS.fetch_add(1, Ordering::Relaxed) + 1).to_string()
}
