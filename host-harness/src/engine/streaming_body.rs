//! The body of a response that its function still writes.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, spawn};

use super::Failure;
use super::invoke::Outcome;
use super::task::InvocationTask;
use crate::invocation::FunctionContext;
use crate::message::body::Incomplete;
use crate::message::pipe::{End, Pipe};
use crate::telemetry::InvocationId;

/// A body that owns the invocation which makes it, and runs that when it is asked for more: the
/// function goes no faster than its client, and no further than the body lives.
pub(super) struct StreamingBody {
    stream: Arc<Mutex<Stream>>,
    /// A connection does not ask for more while its client takes nothing, so that the time limit
    /// needs someone else to look at it.
    time_limit: Option<AbortOnDropJoinHandle<()>>,
}

struct Stream {
    function: Arc<FunctionContext>,
    id: InvocationId,
    pipe: Arc<Pipe>,
    stage: Stage,
    /// Something went to the connection, which may not have passed it on.
    unsent: bool,
    /// The connection, where it waits for this body.
    waiting: Option<Waker>,
}

enum Stage {
    InvocationTask(InvocationTask),
    /// The function has ended, and so has its body.
    Whole,
    /// There is no more, and yet it is not whole: the client must not take it for that.
    Cut,
}

impl StreamingBody {
    /// The body of a function that was cut off, until [`end`](Self::end) or
    /// [`attach`](Self::attach) tells otherwise.
    pub(super) fn new(function: Arc<FunctionContext>, id: InvocationId, pipe: Arc<Pipe>) -> Self {
        let stream = Stream {
            function,
            id,
            pipe,
            stage: Stage::Cut,
            // The head, to begin with.
            unsent: true,
            waiting: None,
        };
        Self {
            stream: Arc::new(Mutex::new(stream)),
            time_limit: None,
        }
    }

    /// The function has ended already.
    pub(super) fn end(&mut self, ended: Result<Outcome, Failure>) {
        lock(&self.stream).end(ended);
    }

    /// The function makes more, until the deadline.
    pub(super) fn attach(&mut self, running: InvocationTask, deadline: Option<Instant>) {
        lock(&self.stream).stage = Stage::InvocationTask(running);
        self.time_limit =
            deadline.map(|deadline| spawn(end_at(deadline, Arc::downgrade(&self.stream))));
    }
}

/// Waits at most until the function yields, for a body that is just being polled.
fn lock(stream: &Mutex<Stream>) -> MutexGuard<'_, Stream> {
    stream.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn end_at(deadline: Instant, stream: Weak<Mutex<Stream>>) {
    tokio::time::sleep_until(deadline).await;
    if let Some(stream) = stream.upgrade() {
        lock(&stream).time_out();
    }
}

impl Stream {
    fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Incomplete>>> {
        loop {
            // Before the function goes on: what it wrote waits for nothing that it does next.
            if let Some(bytes) = self.pipe.take() {
                self.unsent = true;
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            match &mut self.stage {
                Stage::InvocationTask(running) => match running.poll(cx).0 {
                    Poll::Ready(ended) => self.end(ended),
                    Poll::Pending if self.pipe.queued() > 0 => {}
                    Poll::Pending if self.pipe.ended() == End::Cut => self.fail(dropped()),
                    Poll::Pending => return self.wait(cx),
                },
                Stage::Whole => return Poll::Ready(None),
                // The connection ends where it learns of the error, and what it holds with it:
                // first it gets to send that.
                Stage::Cut if self.unsent => {
                    cx.waker().wake_by_ref();
                    return self.wait(cx);
                }
                Stage::Cut => return Poll::Ready(Some(Err(Incomplete))),
            }
        }
    }

    /// A connection that has to wait sends what it has.
    fn wait<T>(&mut self, cx: &mut Context<'_>) -> Poll<T> {
        self.unsent = false;
        self.waiting = Some(cx.waker().clone());
        Poll::Pending
    }

    fn end(&mut self, ended: Result<Outcome, Failure>) {
        let failure = match (ended, self.pipe.ended()) {
            (Ok(Outcome::Streamed), End::Finished) => {
                self.stage = Stage::Whole;
                return;
            }
            (Ok(Outcome::Streamed), End::Open) => Failure::InvalidReply(
                "it said that it had streamed one, and had not finished it".into(),
            ),
            (Ok(Outcome::Streamed), End::Cut) => dropped(),
            (Ok(Outcome::Replied(_)), _) => {
                Failure::InvalidReply("it returned one after it had begun to stream another".into())
            }
            (Err(failure), _) => failure,
        };
        self.fail(failure);
    }

    fn time_out(&mut self) {
        if matches!(self.stage, Stage::InvocationTask(_)) {
            self.fail(Failure::StreamTimeout);
            if let Some(connection) = self.waiting.take() {
                connection.wake();
            }
        }
    }

    /// Ends the function, if it still runs, and its body with an error.
    fn fail(&mut self, failure: Failure) {
        failure.log(&self.function.name, self.id);
        self.stage = Stage::Cut;
    }
}

fn dropped() -> Failure {
    Failure::InvalidReply("it dropped the one that it streamed before it was finished".into())
}

impl Body for StreamingBody {
    type Data = Bytes;
    type Error = Incomplete;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Incomplete>>> {
        lock(&self.stream).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.size_hint().exact() == Some(0)
    }

    /// A function that has ended by now left all there is: then its length can be sent first.
    fn size_hint(&self) -> SizeHint {
        let stream = lock(&self.stream);
        match stream.stage {
            Stage::Whole => SizeHint::with_exact(stream.pipe.queued() as u64),
            Stage::InvocationTask(_) | Stage::Cut => SizeHint::default(),
        }
    }
}
