use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// A response's body on its way in: it breaks off where it takes too long or gets too long.
pub(super) struct Download {
    body: Incoming,
    /// How many bytes it may still have.
    left: Option<u64>,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Download {
    pub(super) fn new(body: Incoming, limit: Option<u64>, deadline: Option<Instant>) -> Self {
        Self {
            body,
            left: limit,
            deadline: deadline.map(|deadline| Box::pin(sleep_until(deadline))),
        }
    }
}

impl Body for Download {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        // First: one that never pauses is to end as well.
        if let Some(deadline) = &mut self.deadline
            && deadline.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::TimedOut).into())));
        }
        let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(cx)) else {
            return Poll::Ready(None);
        };
        let frame = frame?;
        if let (Some(left), Some(data)) = (&mut self.left, frame.data_ref()) {
            let Some(after) = left.checked_sub(data.len() as u64) else {
                return Poll::Ready(Some(Err(
                    io::Error::from(io::ErrorKind::FileTooLarge).into()
                )));
            };
            *left = after;
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
