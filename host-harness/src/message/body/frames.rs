//! The body as the trait of hyper and tower.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::{Body, BoxError, Rest};

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Err(broken) = ready!(self.poll_fill(cx)) {
            return Poll::Ready(Some(Err(broken.into())));
        }
        let bytes = self.take_all();
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.front.is_empty()
            && match &self.rest {
                Rest::Done => true,
                Rest::Upload(upload) => upload.is_end_stream(),
                Rest::Other(body) => body.is_end_stream(),
                Rest::Deadline(body) => body.is_end_stream(),
                Rest::Limited(body) => body.is_end_stream(),
                Rest::Incomplete => false,
            }
    }

    fn size_hint(&self) -> SizeHint {
        let rest = match &self.rest {
            Rest::Done => SizeHint::with_exact(0),
            Rest::Upload(upload) => upload.size_hint(),
            Rest::Other(body) => body.size_hint(),
            Rest::Deadline(body) => body.size_hint(),
            Rest::Limited(body) => body.size_hint(),
            Rest::Incomplete => SizeHint::default(),
        };
        let front = self.front.len() as u64;
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(front));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(front));
        }
        hint
    }
}
