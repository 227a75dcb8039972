//! Reads what a refused request still sends.
//!
//! Closing a connection while its client sends makes the kernel reset it, and the client may lose the answer.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http::header::EXPECT;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;

/// How many bytes are read at most, and for how long.
const MAX_BYTES: usize = 64 << 20;
const MAX_TIME: Duration = Duration::from_secs(5);

/// Discards the rest of a body before its request is answered with an error.
pub(super) async fn refused(request: Request, next: Next) -> Response {
    let waits = request.headers().contains_key(EXPECT);
    let (parts, body) = request.into_parts();
    let body = SharedBody::new(body);
    let response = next
        .run(Request::from_parts(parts, Body::new(body.clone())))
        .await;
    let is_error = response.status().is_client_error() || response.status().is_server_error();
    // A client that waits for the answer before it sends would be asked to send by reading.
    let may_send = !waits || body.lock().is_read;
    if is_error && may_send {
        let _ = tokio::time::timeout(MAX_TIME, discard(body)).await;
    }
    response
}

async fn discard(mut body: SharedBody) {
    let mut read = 0;
    while let Some(Ok(frame)) = body.frame().await {
        read += frame.data_ref().map_or(0, Bytes::len);
        if read > MAX_BYTES {
            break;
        }
    }
}

/// A body that a handler reads, and this module afterwards.
#[derive(Clone)]
struct SharedBody(Arc<Mutex<SharedBodyState>>);

/// The body, and whether the handler has read any of it.
struct SharedBodyState {
    body: Body,
    is_read: bool,
}

impl SharedBody {
    fn new(body: Body) -> Self {
        let is_read = false;
        Self(Arc::new(Mutex::new(SharedBodyState { body, is_read })))
    }

    fn lock(&self) -> MutexGuard<'_, SharedBodyState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl http_body::Body for SharedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut shared = self.lock();
        shared.is_read = true;
        Pin::new(&mut shared.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.lock().body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.lock().body.size_hint()
    }
}
