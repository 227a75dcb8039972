use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::config::OutboundPermit;
use crate::message::body::BoxError;

/// A response's body on its way in. Breaks off if it takes too long or gets too long.
pub(super) struct ResponseBody<B> {
    body: B,
    /// How many more bytes are allowed.
    left: Option<u64>,
    deadline: Option<Instant>,
    /// Created at the first wait: many bodies arrive with their heads.
    timer: Option<Pin<Box<Sleep>>>,
    /// Held until the end of the body.
    _permit: OutboundPermit,
}

impl<B> ResponseBody<B> {
    pub(super) fn new(
        body: B,
        limit: Option<u64>,
        deadline: Option<Instant>,
        permit: OutboundPermit,
    ) -> Self {
        Self {
            body,
            left: limit,
            deadline,
            timer: None,
            _permit: permit,
        }
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.deadline else {
            return Poll::Pending;
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        timer.as_mut().poll(cx)
    }

    /// Subtracts a frame's length from what is left; `None` if it is longer.
    fn count(&mut self, frame: &Frame<Bytes>) -> Option<()> {
        if let (Some(left), Some(data)) = (&mut self.left, frame.data_ref()) {
            *left = left.checked_sub(data.len() as u64)?;
        }
        Some(())
    }
}

impl<B> Body for ResponseBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let broken = |kind: io::ErrorKind| Poll::Ready(Some(Err(io::Error::from(kind).into())));
        // The clock first: a body that never pauses has to end as well.
        if self
            .deadline
            .is_some_and(|deadline| deadline <= Instant::now())
        {
            return broken(io::ErrorKind::TimedOut);
        }
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Pending => {
                ready!(self.poll_deadline(cx));
                broken(io::ErrorKind::TimedOut)
            }
            Poll::Ready(Some(Ok(frame))) => match self.count(&frame) {
                Some(()) => Poll::Ready(Some(Ok(frame))),
                None => broken(io::ErrorKind::FileTooLarge),
            },
            Poll::Ready(end) => Poll::Ready(end.map(|end| end.map_err(Into::into))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
