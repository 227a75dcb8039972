use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::{Body, BoxError};

/// A body of unknown length that breaks off if it is longer than a limit.
pub(super) struct LimitedLength {
    body: Body,
    /// How many more bytes there may be.
    left: u64,
    /// The first limit, which reports that the body exceeds it.
    reported: Arc<LengthLimit>,
    left_of_reported: u64,
}

/// A limit on a body's length, and whether the body exceeds it.
#[derive(Debug)]
pub(crate) struct LengthLimit {
    max: u64,
    exceeded: AtomicBool,
}

impl LengthLimit {
    /// The limit, in bytes.
    pub(crate) fn max(&self) -> u64 {
        self.max
    }

    pub(crate) fn is_exceeded(&self) -> bool {
        self.exceeded.load(Ordering::Relaxed)
    }
}

impl LimitedLength {
    pub(super) fn new(body: Body, max: u64) -> Self {
        Self {
            body,
            left: max,
            reported: Arc::new(LengthLimit {
                max,
                exceeded: AtomicBool::new(false),
            }),
            left_of_reported: max,
        }
    }

    pub(super) fn is_upload(&self) -> bool {
        self.body.is_upload()
    }

    pub(super) fn is_chunked_upload(&self) -> bool {
        self.body.is_chunked_upload()
    }

    pub(super) fn reported(&self) -> Arc<LengthLimit> {
        Arc::clone(&self.reported)
    }

    /// Applies `max` to the rest, if it is the smaller limit.
    pub(super) fn at_most(&mut self, max: u64) {
        self.left = self.left.min(max);
    }

    /// Counts bytes that have arrived; returns whether they are within all limits.
    fn count(&mut self, length: u64) -> bool {
        match self.left_of_reported.checked_sub(length) {
            Some(left) => self.left_of_reported = left,
            None => self.reported.exceeded.store(true, Ordering::Relaxed),
        }
        let left = self.left.checked_sub(length);
        self.left = left.unwrap_or(0);
        left.is_some()
    }
}

impl HttpBody for LimitedLength {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame
            && let Some(bytes) = frame.data_ref()
            && !self.count(bytes.len() as u64)
        {
            return Poll::Ready(Some(Err(
                io::Error::from(io::ErrorKind::FileTooLarge).into()
            )));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use futures_util::stream;
    use http_body_util::StreamBody;

    use super::*;

    /// A body of unknown length: this many bytes, one at a time.
    fn chunked(length: u64) -> Body {
        let frame = || Ok::<_, BoxError>(Frame::data(Bytes::from_static(b"x")));
        Body::new(StreamBody::new(stream::iter(
            (0..length).map(move |_| frame()),
        )))
    }

    /// How many bytes can be read, and whether the body is complete then.
    async fn read(mut body: Body) -> (usize, bool) {
        let mut length = 0;
        loop {
            if poll_fn(|cx| body.poll_fill(cx)).await.is_err() {
                return (length, false);
            }
            match body.take_all().len() {
                0 => return (length, true),
                more => length += more,
            }
        }
    }

    /// A body is cut beyond its limit, and the limit says so.
    #[tokio::test]
    async fn longer_bodies_break_off() {
        for (length, max, complete) in [(3, 3, true), (4, 3, false), (0, 0, true), (1, 0, false)] {
            let mut body = chunked(length);
            let limit = body.limit_length(max).unwrap();
            assert_eq!(read(body).await, (length.min(max) as usize, complete));
            assert_eq!(limit.is_exceeded(), !complete, "{length} {max}");
        }
    }

    /// Of several limits the smallest applies, and each that is exceeded by the first says so.
    #[tokio::test]
    async fn smallest_limit_applies() {
        let mut body = chunked(10);
        let outer = body.limit_length(5).unwrap();
        body.limit_length(3);
        assert_eq!(read(body).await, (3, false));
        assert!(!outer.is_exceeded());
    }

    /// A function may pass a body on endlessly: limits do not nest.
    #[tokio::test]
    async fn many_limits_do_not_nest() {
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
        let mut body = chunked(10);
        for _ in 0..1_000_000 {
            body.limit_length(5);
            body.limit(Some(deadline));
        }
        assert_eq!(read(body).await, (5, false));
    }
}
