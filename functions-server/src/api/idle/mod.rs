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

/// The active requests of a connection: those that the server has something to do for. Over HTTP/2, a response that its
/// client does not read does not count.
///
/// A request takes its lock twice, and wakes nobody: [`idle`](Self::idle) looks when the connection may have become
/// idle.
#[derive(Debug, Clone)]
pub(super) struct ActiveRequests(Arc<ConnectionState>);

/// The state that a connection and its requests share.
#[derive(Debug)]
struct ConnectionState {
    requests: Mutex<RequestCounts>,
    /// Somebody else needs the connection's slot, or the server stops.
    changed: Notify,
}

/// How many requests of a connection are active, and since when.
#[derive(Debug, Clone, Copy)]
struct RequestCounts {
    /// How many the server has something to do for.
    active: usize,
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

/// A request that is active until this is dropped.
struct ActiveRequest(ActiveRequests);

impl ActiveRequests {
    pub(super) fn new() -> Self {
        let requests = RequestCounts {
            active: 0,
            any: false,
            since: Instant::now(),
            is_unsent: false,
            is_unwanted: false,
            stopping: None,
        };
        Self(Arc::new(ConnectionState {
            requests: Mutex::new(requests),
            changed: Notify::new(),
        }))
    }

    fn requests(&self) -> MutexGuard<'_, RequestCounts> {
        let requests = self.0.requests.lock();
        requests.unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self) -> ActiveRequest {
        let mut requests = self.requests();
        requests.active += 1;
        requests.any = true;
        ActiveRequest(self.clone())
    }

    /// Answers a request, and counts as active as long as the server has something to do for it.
    pub(super) async fn answer<E>(
        self,
        version: Version,
        answering: impl Future<Output = Result<http::Response<Body>, E>>,
    ) -> Result<http::Response<Body>, E> {
        let active = self.begin();
        let response = answering.await?;
        // Over HTTP/1, writing to the socket has a time limit. Over HTTP/2, a client may read on and open no
        // window for the answer, which only shows in that its body is not asked for more.
        let is_whole = version < Version::HTTP_2;
        Ok(response.map(|body| {
            Body::new(ActiveBody {
                body,
                requests: self,
                active: is_whole.then_some(active),
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
        let is_idle = requests.active == 0 && requests.since.elapsed() >= least;
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
            if requests.is_unwanted && requests.active == 0 {
                return;
            }
            let now = Instant::now();
            let next = if requests.active > 0 || requests.is_unsent {
                // Before it could be idle, should the last request end now.
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

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        let mut requests = self.0.requests();
        requests.active -= 1;
        requests.since = Instant::now();
        let is_urgent = requests.is_unwanted || requests.stopping.is_some();
        if requests.active == 0 && is_urgent {
            self.0.0.changed.notify_one();
        }
    }
}

/// The body of an answer, which keeps its request active.
struct ActiveBody {
    body: Body,
    requests: ActiveRequests,
    active: Option<ActiveRequest>,
    /// Whether it counts as active to its end.
    is_whole: bool,
}

impl http_body::Body for ActiveBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let frame = Pin::new(&mut this.body).poll_frame(cx);
        if !this.is_whole {
            let begun = this.active.take().unwrap_or_else(|| this.requests.begin());
            this.active = frame.is_pending().then_some(begun);
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
