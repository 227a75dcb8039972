//! A service's response on its way to the host.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use bytes::{Buf, Bytes};
use functions_bytes::Data;
use http_body::Body;

use super::BoxError;
use crate::{WebError, WebResponse};

/// Sends the frames as they come; one that is alone goes as a whole response, with its length.
pub(super) async fn respond<B>(response: http::Response<B>) -> Result<WebResponse, WebError>
where
    B: Body<Error: Into<BoxError>>,
{
    let (parts, body) = response.into_parts();
    let head = WebResponse::new()
        .with_status(parts.status)
        .append_headers(parts.headers);
    let mut body = pin!(body);
    let Some(first) = chunk(body.as_mut()).await? else {
        return Ok(head);
    };
    if body.is_end_stream() {
        return head.with_body(whole(first));
    }
    // One look for the end, which many bodies only tell when they are asked. Without waiting: what
    // is here must not wait for what is not.
    let second = poll_fn(|cx| Poll::Ready(body.as_mut().poll_frame(cx))).await;
    if matches!(second, Poll::Ready(None)) {
        return head.with_body(whole(first));
    }
    head.stream_async(async |writer| {
        writer.send_async(first).await?;
        if let Poll::Ready(Some(frame)) = second
            && let Ok(chunk) = frame.map_err(WebError::from)?.into_data()
        {
            writer.send_async(bytes(chunk)).await?;
        }
        while let Some(chunk) = chunk(body.as_mut()).await? {
            writer.send_async(chunk).await?;
        }
        Ok(())
    })
    .await
}

/// The next frame that is data.
async fn chunk<B>(mut body: Pin<&mut B>) -> Result<Option<Bytes>, WebError>
where
    B: Body<Error: Into<BoxError>>,
{
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        if let Ok(chunk) = frame.map_err(WebError::from)?.into_data() {
            return Ok(Some(bytes(chunk)));
        }
    }
    Ok(None)
}

/// Without a copy where it is a [`Bytes`] already.
fn bytes(mut chunk: impl Buf) -> Bytes {
    chunk.copy_to_bytes(chunk.remaining())
}

/// Not the `Bytes` itself: its content type would be taken for the response's.
fn whole(body: Bytes) -> Data {
    Data::from(body)
}
