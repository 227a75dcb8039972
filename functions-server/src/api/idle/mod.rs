//! Detects idle connections of an API. The number of connections is bounded, so a client that opened that many
//! would keep all others out.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::Version;
use http_body::{Frame, SizeHint};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// How long nothing may happen on a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct IdleTimes {
    /// From its opening to its first request.
    pub(super) head: Duration,
    /// Afterwards.
    pub(super) idle: Duration,
}

/// How long ago a connection must have begun, had a request or taken a part of an answer for somebody else to get its
/// slot. Its next request may be there unread, and hyper may have an answer that it has not begun to write.
const RECENT: Duration = Duration::from_secs(1);

/// The same while a part of an answer waits for the client.
const STALLED: Duration = Duration::from_secs(5);

/// How long a connection of a server that stops stays open with nothing to do: for the rest of a head, or for the
/// client's part in HTTP/2's GOAWAY.
const DRAIN_IDLE: Duration = Duration::from_millis(500);

/// What the server does for a connection. Over HTTP/2, a client that takes nothing of an answer is nothing to do.
///
/// A request takes its lock twice, and wakes nobody: [`idle`](Self::idle) looks when the connection may have become
/// idle.
#[derive(Debug, Clone)]
pub(super) struct Work(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    requests: Mutex<Requests>,
    /// Somebody else needs the connection's slot, or the server stops.
    changed: Notify,
}

/// The requests of a connection.
#[derive(Debug, Clone, Copy)]
struct Requests {
    /// How many the server has something to do for.
    at_work: usize,
    /// Whether there was one.
    any: bool,
    /// When the server last had something to do, or the client last took a part of an answer.
    since: Instant,
    /// A part of an answer waits for the client. How long it may is not limited here.
    is_unsent: bool,
    is_unwanted: bool,
    /// When the server began to stop.
    stopping: Option<Instant>,
}

/// Something that the server does for a connection, until this is dropped.
struct AtWork(Work);

impl Work {
    pub(super) fn new() -> Self {
        let requests = Requests {
            at_work: 0,
            any: false,
            since: Instant::now(),
            is_unsent: false,
            is_unwanted: false,
            stopping: None,
        };
        Self(Arc::new(Shared {
            requests: Mutex::new(requests),
            changed: Notify::new(),
        }))
    }

    fn requests(&self) -> MutexGuard<'_, Requests> {
        let requests = self.0.requests.lock();
        requests.unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self) -> AtWork {
        let mut requests = self.requests();
        requests.at_work += 1;
        requests.any = true;
        AtWork(self.clone())
    }

    /// Answers a request, and counts as work as long as the server has something to do for it.
    pub(super) async fn answer<E>(
        self,
        version: Version,
        answering: impl Future<Output = Result<http::Response<Body>, E>>,
    ) -> Result<http::Response<Body>, E> {
        let at_work = self.begin();
        let response = answering.await?;
        // Over HTTP/1, writing to the socket has a time limit. Over HTTP/2, a client may read on and open no
        // window for the answer, which only shows in that its body is not asked for more.
        let is_whole = version < Version::HTTP_2;
        Ok(response.map(|body| {
            Body::new(WorkingBody {
                body,
                work: self,
                at_work: is_whole.then_some(at_work),
                is_whole,
            })
        }))
    }

    /// Says whether a part of an answer waits for the client, whenever that changes.
    pub(super) fn set_unsent(&self, is_unsent: bool) {
        let mut requests = self.requests();
        requests.is_unsent = is_unsent;
        requests.since = Instant::now();
    }

    /// Ends an idle connection. `false`: the server has something to do for it, or it was ended before.
    pub(super) fn end_if_idle(&self) -> bool {
        let mut requests = self.requests();
        let least = if requests.is_unsent { STALLED } else { RECENT };
        let is_idle = requests.at_work == 0 && requests.since.elapsed() >= least;
        let ends = is_idle && !requests.is_unwanted;
        if ends {
            requests.is_unwanted = true;
            self.0.changed.notify_one();
        }
        ends
    }

    /// Says that the server stops.
    pub(super) fn stop(&self) {
        self.requests().stopping = Some(Instant::now());
        self.0.changed.notify_one();
    }

    /// Resolves once the server has had nothing to do for too long, or has nothing to do and is to
    /// [end](Self::end_if_idle) the connection.
    pub(super) async fn idle(&self, times: IdleTimes) {
        loop {
            let requests = *self.requests();
            if requests.is_unwanted && requests.at_work == 0 {
                return;
            }
            let now = Instant::now();
            let next = if requests.at_work > 0 || requests.is_unsent {
                // Before it could be idle, should the work end now.
                now + times.idle
            } else if let Some(stopping) = requests.stopping {
                requests.since.max(stopping) + DRAIN_IDLE
            } else if requests.any {
                requests.since + times.idle
            } else {
                requests.since + times.head
            };
            if next <= now {
                return;
            }
            let _ = timeout_at(next, self.0.changed.notified()).await;
        }
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        let mut requests = self.0.requests();
        requests.at_work -= 1;
        requests.since = Instant::now();
        let is_urgent = requests.is_unwanted || requests.stopping.is_some();
        if requests.at_work == 0 && is_urgent {
            self.0.0.changed.notify_one();
        }
    }
}

/// The body of an answer.
struct WorkingBody {
    body: Body,
    work: Work,
    at_work: Option<AtWork>,
    /// Whether it counts as work to its end.
    is_whole: bool,
}

impl http_body::Body for WorkingBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let frame = Pin::new(&mut this.body).poll_frame(cx);
        if !this.is_whole {
            let begun = this.at_work.take().unwrap_or_else(|| this.work.begin());
            this.at_work = frame.is_pending().then_some(begun);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests;
