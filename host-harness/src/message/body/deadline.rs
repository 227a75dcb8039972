use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::{Body, BoxError, LengthLimit};

/// A body that breaks off if it is not complete by a deadline.
pub(super) struct Deadline {
    body: Body,
    deadline: Instant,
    /// Created at the first wait.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    pub(super) fn new(body: Body, deadline: Instant) -> Self {
        Self {
            body,
            deadline,
            timer: None,
        }
    }

    /// Applies `deadline` if it is the earlier one.
    pub(super) fn no_later_than(&mut self, deadline: Instant) {
        if deadline < self.deadline {
            self.deadline = deadline;
            self.timer = None;
        }
    }

    pub(super) fn is_chunked_upload(&self) -> bool {
        self.body.is_chunked_upload()
    }

    /// Applies a limit on the length: see [`Body::limit_length`].
    pub(super) fn limit_length(&mut self, max: u64) -> Option<Arc<LengthLimit>> {
        self.body.limit_length(max)
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline;
        let timer = &mut self.timer;
        let timer = timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        timer.as_mut().poll(cx)
    }
}

impl HttpBody for Deadline {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        // The clock first: a body that never pauses has to end as well.
        if self.deadline > Instant::now() {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Pending => ready!(self.poll_deadline(cx)),
                frame => return frame,
            }
        }
        Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::TimedOut).into())))
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
    use std::time::Duration;

    use super::*;

    /// A body whose end never comes.
    fn endless() -> Body {
        Body::new(http_body_util::StreamBody::new(
            futures_util::stream::pending::<Result<Frame<Bytes>, BoxError>>(),
        ))
    }

    /// Of several deadlines the earliest applies, whichever was set first.
    #[tokio::test(start_paused = true)]
    async fn earliest_deadline_applies() {
        for seconds in [[1, 2], [2, 1]] {
            let started = Instant::now();
            let mut body = endless();
            for seconds in seconds {
                body.limit(Some(started + Duration::from_secs(seconds)));
            }
            assert!(poll_fn(|cx| body.poll_fill(cx)).await.is_err());
            assert_eq!(started.elapsed().as_secs(), 1);
        }
    }

    /// A function may pass a body on endlessly: polling, measuring or dropping it takes no more stack.
    #[tokio::test(start_paused = true)]
    async fn many_deadlines_do_not_nest() {
        let deadline = Instant::now() + Duration::from_secs(1);
        let mut body = endless();
        for _ in 0..1_000_000 {
            body.limit(Some(deadline));
        }
        assert_eq!(body.len(), None);
        assert!(poll_fn(|cx| body.poll_fill(cx)).await.is_err());
    }
}
