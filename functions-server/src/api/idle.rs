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

/// What the server does for a connection. A client that takes nothing of an answer is nothing to do.
///
/// A request takes its lock twice, and wakes nobody: [`idle`](Self::idle) looks when the connection may have become
/// idle.
#[derive(Debug, Clone)]
pub(super) struct Work(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    requests: Mutex<Requests>,
    /// Somebody else needs the connection's place.
    unwanted: Notify,
}

/// The requests of a connection.
#[derive(Debug, Clone, Copy)]
struct Requests {
    /// How many the server has something to do for.
    at_work: usize,
    /// Whether there was one.
    any: bool,
    /// When the server last had something to do.
    since: Instant,
    is_unwanted: bool,
}

/// Something that the server does for a connection, until this is dropped.
struct AtWork(Work);

impl Work {
    pub(super) fn new() -> Self {
        let requests = Requests {
            at_work: 0,
            any: false,
            since: Instant::now(),
            is_unwanted: false,
        };
        Self(Arc::new(Shared {
            requests: Mutex::new(requests),
            unwanted: Notify::new(),
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

    /// Ends an idle connection. `false`: the server has something to do for it, or it was ended before.
    pub(super) fn end_if_idle(&self) -> bool {
        let mut requests = self.requests();
        let ends = requests.at_work == 0 && !requests.is_unwanted;
        if ends {
            requests.is_unwanted = true;
            self.0.unwanted.notify_one();
        }
        ends
    }

    /// Resolves once the server has had nothing to do for too long, or has nothing to do and is to
    /// [end](Self::end_if_idle) the connection.
    pub(super) async fn idle(&self, times: IdleTimes) {
        loop {
            let requests = *self.requests();
            let next = match requests {
                Requests {
                    at_work: 0,
                    is_unwanted: true,
                    ..
                } => return,
                Requests {
                    at_work: 0,
                    any: true,
                    since,
                    ..
                } => since + times.idle,
                Requests {
                    at_work: 0,
                    any: false,
                    since,
                    ..
                } => since + times.head,
                // Before it could be idle, should the work end now.
                _ => Instant::now() + times.idle,
            };
            if requests.at_work == 0 && next <= Instant::now() {
                return;
            }
            let _ = timeout_at(next, self.0.unwanted.notified()).await;
        }
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        let mut requests = self.0.requests();
        requests.at_work -= 1;
        requests.since = Instant::now();
        if requests.at_work == 0 && requests.is_unwanted {
            self.0.0.unwanted.notify_one();
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
mod tests {
    use std::convert::Infallible;

    use futures_util::{FutureExt as _, stream};
    use http_body_util::BodyExt as _;
    use tokio::time::sleep;

    use super::*;

    const TIMES: IdleTimes = IdleTimes {
        head: Duration::from_secs(30),
        idle: Duration::from_secs(75),
    };

    async fn answered(work: &Work, version: Version, body: Body) -> Body {
        let answering = async { Ok::<_, Infallible>(http::Response::new(body)) };
        let answer = work.clone().answer(version, answering).await;
        answer.unwrap().into_body()
    }

    /// A connection without a request is idle after the time of a head, and later after the idle time.
    #[tokio::test(start_paused = true)]
    async fn connections_without_requests_are_idle() {
        let began = Instant::now();
        Work::new().idle(TIMES).await;
        assert_eq!(began.elapsed(), TIMES.head);
        let work = Work::new();
        let idle = work.idle(TIMES);
        let requests = async {
            for _ in 0..5 {
                sleep(Duration::from_secs(20)).await;
                drop(answered(&work, Version::HTTP_11, Body::empty()).await);
            }
        };
        let began = Instant::now();
        tokio::join!(idle, requests);
        assert_eq!(began.elapsed(), Duration::from_secs(100) + TIMES.idle);
    }

    /// A request that takes long, and an answer that goes on, are work.
    #[tokio::test(start_paused = true)]
    async fn requests_in_flight_are_not_idle() {
        for version in [Version::HTTP_11, Version::HTTP_2] {
            let work = Work::new();
            let mut idle = Box::pin(work.idle(TIMES));
            let slow = async {
                sleep(Duration::from_secs(500)).await;
                Ok::<_, Infallible>(http::Response::new(Body::empty()))
            };
            let answer = tokio::select! {
                () = &mut idle => panic!("{version:?}: idle while a request runs"),
                answer = work.clone().answer(version, slow) => answer,
            };
            drop(answer);
            let following = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
            let mut following = answered(&work, version, following).await;
            assert!(following.frame().now_or_never().is_none());
            let waiting = tokio::time::timeout(Duration::from_secs(500), &mut idle);
            assert!(waiting.await.is_err(), "{version:?}: idle while it follows");
            drop(following);
            let began = Instant::now();
            idle.await;
            assert_eq!(began.elapsed(), TIMES.idle, "{version:?}");
        }
    }

    /// Over HTTP/2, an answer that its client does not take is idle.
    #[tokio::test(start_paused = true)]
    async fn answers_that_nobody_takes_are_idle() {
        let work = Work::new();
        let _unread = answered(&work, Version::HTTP_2, Body::from("answer")).await;
        let began = Instant::now();
        work.idle(TIMES).await;
        assert_eq!(began.elapsed(), TIMES.idle);
    }
}
