use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::{Body, Error};

/// A body that breaks off where it is not whole in time.
pub(super) struct Until {
    body: Body,
    deadline: Pin<Box<Sleep>>,
}

impl Until {
    pub(super) fn new(body: Body, deadline: Instant) -> Self {
        Self {
            body,
            deadline: Box::pin(sleep_until(deadline)),
        }
    }
}

impl HttpBody for Until {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        // First: one that never pauses is to end as well.
        if self.deadline.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::TimedOut).into())));
        }
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
