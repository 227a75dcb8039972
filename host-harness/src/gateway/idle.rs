//! How long a connection may last on which nothing happens.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::limits::FAR;
use crate::message::active_requests::ActiveRequests;

/// Why a connection is to be closed.
#[derive(Debug, PartialEq)]
pub(super) enum Idle {
    /// It has been without a request for too long.
    NoRequest,
    /// All that runs on it waits for the client, which has taken nothing for too long.
    Stalled,
}

/// Ends when nothing has happened on a connection for too long.
///
/// A client that takes nothing over HTTP/1 is noticed by the socket. Over HTTP/2 a client takes frames, and
/// opens no window for what it asked for: then only this notices, after once to twice its time.
///
/// One timer a connection, which is moved when it rings and not with each request.
pub(super) struct IdleWatch {
    requests: Arc<ActiveRequests>,
    /// From the opening to the first complete head; in HTTP/1 from a later head's first byte to its
    /// last as well.
    head: Duration,
    /// From the end of a request to the next one.
    idle: Duration,
    /// In which the client takes nothing.
    client: Duration,
    alarm: Pin<Box<Sleep>>,
    /// When the head that has not arrived in full was first seen, and how many had by then.
    head_since: Option<(usize, Instant)>,
    /// What had happened when the alarm last rang, and everything waited for the client.
    stalled: Option<usize>,
}

impl IdleWatch {
    pub(super) fn new(requests: Arc<ActiveRequests>, [head, idle, client]: [Duration; 3]) -> Self {
        let first = after(requests.opened(), head);
        Self {
            requests,
            head,
            idle,
            client,
            alarm: Box::pin(sleep_until(first)),
            head_since: None,
            stalled: None,
        }
    }

    /// When the connection is to be closed as things are; `None` while something runs.
    fn deadline(&mut self) -> Option<Instant> {
        let requests = &self.requests;
        if !requests.is_idle() {
            return None;
        }
        let heads = requests.heads();
        if heads == 0 {
            return Some(after(requests.opened(), self.head));
        }
        if !requests.has_part_of_head() {
            self.head_since = None;
            return Some(after(requests.ended(), self.idle));
        }
        let of_this = self.head_since.filter(|(of, _)| *of == heads);
        let (_, begun) = *self
            .head_since
            .insert(of_this.unwrap_or((heads, Instant::now())));
        Some(after(begun, self.head))
    }

    /// Polled after the connection, whenever that is polled.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Idle> {
        if let Some(deadline) = self.deadline()
            && deadline < self.alarm.deadline()
        {
            self.alarm.as_mut().reset(deadline);
        }
        loop {
            ready!(self.alarm.as_mut().poll(cx));
            let now = Instant::now();
            match self.deadline() {
                Some(deadline) if deadline <= now => return Poll::Ready(Idle::NoRequest),
                Some(deadline) => self.alarm.as_mut().reset(deadline),
                None => {
                    let before = self.stalled.take();
                    self.stalled = self.requests.awaiting_client();
                    if before.is_some() && before == self.stalled {
                        return Poll::Ready(Idle::Stalled);
                    }
                    // What ends until the next ring is idle for less than it may be by then.
                    let next = after(now, self.idle.min(self.client));
                    self.alarm.as_mut().reset(next);
                }
            }
        }
    }
}

/// A time that is too far away to be told is never, or as good as that.
fn after(moment: Instant, time: Duration) -> Instant {
    moment + time.min(FAR)
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use futures_util::FutureExt as _;
    use http::Version;
    use tokio::time::sleep;

    use super::*;

    const HEAD: Duration = Duration::from_secs(30);
    const IDLE: Duration = Duration::from_secs(75);
    const CLIENT: Duration = Duration::from_secs(60);

    fn watch() -> (Arc<ActiveRequests>, IdleWatch) {
        let requests = Arc::new(ActiveRequests::default());
        (
            Arc::clone(&requests),
            IdleWatch::new(requests, [HEAD, IDLE, CLIENT]),
        )
    }

    async fn rings(watch: &mut IdleWatch) -> Duration {
        let begun = Instant::now();
        assert_eq!(poll_fn(|cx| watch.poll(cx)).await, Idle::NoRequest);
        begun.elapsed()
    }

    /// Polls as a connection does on which something happened.
    fn is_open(watch: &mut IdleWatch) -> bool {
        poll_fn(|cx| watch.poll(cx)).now_or_never().is_none()
    }

    /// A connection without a head is closed, whatever else arrives on it.
    #[tokio::test(start_paused = true)]
    async fn first_head_has_its_own_limit() {
        let (requests, mut watch) = watch();
        requests.read(true);
        assert!(is_open(&mut watch));
        assert_eq!(rings(&mut watch).await, HEAD);
    }

    /// The idle time begins with the end of the last request, however long that takes.
    #[tokio::test(start_paused = true)]
    async fn idle_begins_with_the_end() {
        for seconds in [0, 1, 29, 31, 74, 76, 200] {
            let (requests, mut watch) = watch();
            let running = requests.receive(Version::HTTP_11, false);
            let at_work = running.at_work();
            let mut ringing = Box::pin(rings(&mut watch));
            assert!((&mut ringing).now_or_never().is_none());
            let took = Duration::from_secs(seconds);
            tokio::spawn(async move {
                sleep(took).await;
                drop((at_work, running));
            });
            assert_eq!(ringing.await, took + IDLE, "{seconds}");
        }
    }

    /// A head that has begun has the time of a head, which may end before or after the idle time.
    #[tokio::test(start_paused = true)]
    async fn later_heads_have_the_limit_of_a_head() {
        for seconds in [1, 70] {
            let (requests, mut watch) = watch();
            drop(requests.receive(Version::HTTP_11, false));
            assert!(is_open(&mut watch));
            sleep(Duration::from_secs(seconds)).await;
            requests.read(true);
            assert!(is_open(&mut watch));
            sleep(Duration::from_secs(1)).await;
            // A slow one gains nothing by another byte.
            requests.read(true);
            assert!(is_open(&mut watch));
            assert_eq!(rings(&mut watch).await, HEAD - Duration::from_secs(1));
        }
    }

    /// So has one whose beginning came with the request before it.
    #[tokio::test(start_paused = true)]
    async fn heads_that_begin_early_have_the_limit_of_a_head() {
        let (requests, mut watch) = watch();
        for _ in 0..3 {
            requests.read(false);
            drop(requests.receive(Version::HTTP_11, false));
            assert!(is_open(&mut watch));
            // Most of its time, which is no other's.
            sleep(HEAD * 9 / 10).await;
            assert!(is_open(&mut watch));
        }
        assert_eq!(rings(&mut watch).await, HEAD / 10);
    }

    /// A head that is complete leaves the next one its whole time.
    #[tokio::test(start_paused = true)]
    async fn complete_heads_start_afresh() {
        let (requests, mut watch) = watch();
        for _ in 0..3 {
            requests.read(true);
            drop(requests.receive(Version::HTTP_11, false));
            assert!(is_open(&mut watch));
            sleep(HEAD * 2).await;
        }
        assert_eq!(rings(&mut watch).await, IDLE - HEAD * 2);
    }

    /// On HTTP/2 bytes say nothing about heads: a client that only pings is idle.
    #[tokio::test(start_paused = true)]
    async fn pings_are_no_heads() {
        let (requests, mut watch) = watch();
        drop(requests.receive(Version::HTTP_2, false));
        for _ in 0..70 {
            requests.read(true);
            assert!(is_open(&mut watch));
            sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(rings(&mut watch).await, Duration::from_secs(5));
    }

    /// A client that takes nothing is left, and one that takes something now and then is not; nor is one
    /// that waits for the host.
    #[tokio::test(start_paused = true)]
    async fn stalled_clients_are_left() {
        let (requests, mut watch) = watch();
        let running = requests.receive(Version::HTTP_2, false);
        let begun = Instant::now();
        for step in 0..20 {
            let at_work = running.at_work();
            let waiting = poll_fn(|cx| watch.poll(cx));
            let time = if step % 2 == 0 {
                CLIENT * 5
            } else {
                Duration::ZERO
            };
            assert!(tokio::time::timeout(time, waiting).await.is_err());
            drop(at_work);
            let waiting = poll_fn(|cx| watch.poll(cx));
            assert!(
                tokio::time::timeout(CLIENT * 9 / 10, waiting)
                    .await
                    .is_err()
            );
            running.taken();
            requests.read(true);
        }
        assert!(begun.elapsed() > CLIENT * 50);
        let begun = Instant::now();
        assert_eq!(poll_fn(|cx| watch.poll(cx)).await, Idle::Stalled);
        assert!((CLIENT..=CLIENT * 2).contains(&begun.elapsed()));
    }

    /// The longest time there is is no overflow.
    #[tokio::test(start_paused = true)]
    async fn limits_can_be_endless() {
        let requests = Arc::new(ActiveRequests::default());
        let mut watch = IdleWatch::new(Arc::clone(&requests), [Duration::MAX; 3]);
        assert!(is_open(&mut watch));
        drop(requests.receive(Version::HTTP_11, false));
        assert!(is_open(&mut watch));
    }
}
