//! Answers what `ping` answers, for `wasmtime serve` with WASI 0.2.

use wstd::http::{Body, Request, Response, Result};

#[wstd::http_server]
async fn main(_request: Request<Body>) -> Result<Response<Body>> {
    let response = Response::builder().header("content-type", "text/plain; charset=utf-8");
    Ok(response.body("pong".into())?)
}
