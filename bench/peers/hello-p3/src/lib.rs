//! Sends the answer of `ping`, for `wasmtime serve` with WASI 0.3.

#[cfg(feature = "count")]
use std::sync::atomic::{AtomicU32, Ordering};

use wasip3::http::types::{ErrorCode, Fields, Request, Response};
use wasip3::{wit_bindgen, wit_future, wit_stream};

wasip3::http::service::export!(Hello);

struct Hello;

impl wasip3::exports::http::handler::Guest for Hello {
    async fn handle(_request: Request) -> Result<Response, ErrorCode> {
        let headers = [("content-type".into(), b"text/plain; charset=utf-8".to_vec())];
        let headers = Fields::from_list(&headers)
            .map_err(|error| ErrorCode::InternalError(Some(error.to_string())))?;
        let (mut body, reader) = wit_stream::new();
        let (_, trailers) = wit_future::new(|| Ok(None));
        let (response, _sent) = Response::new(headers, Some(reader), trailers);
        wit_bindgen::spawn_local(async move {
            body.write_all(answer()).await;
        });
        Ok(response)
    }
}

#[cfg(not(feature = "count"))]
fn answer() -> Vec<u8> {
    b"pong".to_vec()
}

#[cfg(feature = "count")]
fn answer() -> Vec<u8> {
    static REQUESTS: AtomicU32 = AtomicU32::new(0);
    let requests = REQUESTS.fetch_add(1, Ordering::Relaxed) + 1;
    requests.to_string().into_bytes()
}
