//! The body of a response that its function is still writing.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, spawn};

use super::Failure;
use super::reply::Outcome;
use super::task::InvocationTask;
use crate::invocation::FunctionContext;
use crate::message::body::Incomplete;
use crate::message::pipe::{End, Pipe};
use crate::telemetry::InvocationId;

/// A chunk of this many bytes is sent even while its function is still writing.
const MIN_CHUNK: usize = 16 * 1024;

/// A body that owns its invocation, and polls it when more data is needed. The function runs no
/// faster than its client reads, and ends with the body.
pub(super) struct StreamingBody {
    stream: Arc<Mutex<Stream>>,
    /// Ends the function at its deadline. The connection does not poll while its client reads
    /// nothing.
    time_limit: Option<AbortOnDropJoinHandle<()>>,
}

struct Stream {
    function: Arc<FunctionContext>,
    id: InvocationId,
    request_id: Option<Arc<str>>,
    pipe: Arc<Pipe>,
    stage: Stage,
    /// The connection took data, and may not have sent it yet.
    unflushed: bool,
    /// The connection, if it waits for this body.
    waiting: Option<Waker>,
}

enum Stage {
    Running(InvocationTask),
    /// The function has ended, and its body is complete.
    Complete,
    /// The body ended early, and the client must not take it for complete.
    Aborted,
}

impl StreamingBody {
    /// Creates the body as aborted, until [`end`](Self::end) or [`attach`](Self::attach) is called.
    pub(super) fn new(
        function: Arc<FunctionContext>,
        id: InvocationId,
        request_id: Option<Arc<str>>,
        pipe: Arc<Pipe>,
    ) -> Self {
        let stream = Stream {
            function,
            id,
            request_id,
            pipe,
            stage: Stage::Aborted,
            // The head, at first.
            unflushed: true,
            waiting: None,
        };
        Self {
            stream: Arc::new(Mutex::new(stream)),
            time_limit: None,
        }
    }

    /// Records that the function has already ended.
    pub(super) fn end(&mut self, ended: Result<Outcome, Failure>) {
        lock(&self.stream).end(ended);
    }

    /// Continues the function until the deadline.
    pub(super) fn attach(&mut self, task: InvocationTask, deadline: Option<Instant>) {
        lock(&self.stream).stage = Stage::Running(task);
        self.time_limit =
            deadline.map(|deadline| spawn(abort_at(deadline, Arc::downgrade(&self.stream))));
    }
}

/// Blocks at most until the function yields, if another thread polls the body.
fn lock(stream: &Mutex<Stream>) -> MutexGuard<'_, Stream> {
    stream.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn abort_at(deadline: Instant, stream: Weak<Mutex<Stream>>) {
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
            // Checked before the function is polled, so that written data never waits for the
            // function.
            if let Some(bytes) = self.take() {
                self.unflushed = true;
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            match &mut self.stage {
                Stage::Running(task) => match task.poll(cx).0 {
                    Poll::Ready(ended) => self.end(ended),
                    Poll::Pending if self.pipe.queued() > 0 && !self.more_follows() => {}
                    Poll::Pending if self.pipe.ended() == End::Cut => self.fail(unfinished()),
                    Poll::Pending => return self.wait(cx),
                },
                Stage::Complete => return Poll::Ready(None),
                // An error closes the connection with its unsent data, so the connection gets a
                // chance to send.
                Stage::Aborted if self.unflushed => {
                    cx.waker().wake_by_ref();
                    return self.wait(cx);
                }
                Stage::Aborted => return Poll::Ready(Some(Err(Incomplete))),
            }
        }
    }

    /// Takes what the function has written, unless more is about to follow.
    fn take(&mut self) -> Option<Bytes> {
        if self.more_follows() {
            return None;
        }
        if let Stage::Running(task) = &self.stage {
            task.clear_yielded();
        }
        self.pipe.take()
    }

    /// Whether a short chunk can wait until the function yields, which wakes the connection.
    ///
    /// A function on another thread writes while the connection takes. Each of its short lines could become a
    /// frame of its own, and clients refuse many of those as an attack. The function yields when it waits for
    /// anything, and at the end of its slice.
    fn more_follows(&self) -> bool {
        let Stage::Running(task) = &self.stage else {
            return false;
        };
        task.is_running_elsewhere()
            && self.pipe.queued() < MIN_CHUNK
            && self.pipe.ended() == End::Open
    }

    /// A pending poll makes the connection send what it has.
    fn wait<T>(&mut self, cx: &mut Context<'_>) -> Poll<T> {
        self.unflushed = false;
        self.waiting = Some(cx.waker().clone());
        Poll::Pending
    }

    fn end(&mut self, ended: Result<Outcome, Failure>) {
        let failure = match (ended, self.pipe.ended()) {
            (Ok(Outcome::Streamed), End::Finished) => {
                self.stage = Stage::Complete;
                return;
            }
            (Ok(Outcome::Streamed), End::Open) => Failure::InvalidReply(
                "the function reported a streamed response, but did not finish it".into(),
            ),
            (Ok(Outcome::Streamed), End::Cut) => unfinished(),
            (Ok(Outcome::Replied(_)), _) => Failure::InvalidReply(
                "the function returned a response after it started to stream one".into(),
            ),
            (Err(failure), _) => failure,
        };
        self.fail(failure);
    }

    fn time_out(&mut self) {
        if matches!(self.stage, Stage::Running(_)) {
            self.fail(Failure::StreamTimeout);
            if let Some(connection) = self.waiting.take() {
                connection.wake();
            }
        }
    }

    /// Ends the function if it still runs, and its body with an error.
    fn fail(&mut self, failure: Failure) {
        let request = self.request_id.as_deref();
        failure.log(&self.function.name, self.id, request);
        self.function.counters.get().cut(failure.reason());
        self.stage = Stage::Aborted;
    }
}

fn unfinished() -> Failure {
    Failure::InvalidReply("the function's streamed response ended before it was finished".into())
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

    /// If the function has ended, its length is known before the first byte is sent.
    fn size_hint(&self) -> SizeHint {
        let stream = lock(&self.stream);
        match stream.stage {
            Stage::Complete => SizeHint::with_exact(stream.pipe.queued() as u64),
            Stage::Running(_) | Stage::Aborted => SizeHint::default(),
        }
    }
}
