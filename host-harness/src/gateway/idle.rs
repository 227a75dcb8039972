//! How long a connection may stay open while nothing happens on it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::limits::FAR;
use crate::message::active_requests::ActiveRequests;

/// Why a connection has to be closed.
#[derive(Debug, PartialEq)]
pub(super) enum Idle {
    /// The connection has been without a request for too long.
    NoRequest,
    /// All its requests wait for the client, which has read nothing for too long.
    Stalled,
}

/// Resolves when nothing has happened on a connection for too long.
///
/// Over HTTP/1, the socket's write timeout notices a client that reads nothing. An HTTP/2 client may
/// read frames and open no window for its responses. Only this watch notices that, after once to
/// twice `client`.
///
/// There is one timer a connection. It is moved when it fires, not with each request.
pub(super) struct IdleWatch {
    requests: Arc<ActiveRequests>,
    /// From the opening to the first complete head; in HTTP/1, also from a later head's first byte to
    /// its last.
    head: Duration,
    /// From the end of a request to the next one.
    idle: Duration,
    /// How long the client may read nothing.
    client: Duration,
    timer: Pin<Box<Sleep>>,
    /// The number of complete heads, and when part of the next one was first seen.
    head_since: Option<(usize, Instant)>,
    /// The progress count when the timer last fired, if everything waited for the client.
    stalled: Option<usize>,
}

impl IdleWatch {
    pub(super) fn new(requests: Arc<ActiveRequests>, [head, idle, client]: [Duration; 3]) -> Self {
        let first = after(requests.opened(), head.min(client));
        Self {
            requests,
            head,
            idle,
            client,
            timer: Box::pin(sleep_until(first)),
            head_since: None,
            stalled: None,
        }
    }

    /// When to close the connection if nothing more happens; `None` while a request is in flight.
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
        let (_, started) = *self
            .head_since
            .insert(of_this.unwrap_or((heads, Instant::now())));
        Some(after(started, self.head))
    }

    /// Polled after the connection, every time the connection is polled.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Idle> {
        if let Some(deadline) = self.deadline()
            && deadline < self.timer.deadline()
        {
            self.timer.as_mut().reset(deadline);
        }
        loop {
            ready!(self.timer.as_mut().poll(cx));
            let now = Instant::now();
            match self.deadline() {
                Some(deadline) if deadline <= now => return Poll::Ready(Idle::NoRequest),
                Some(deadline) => self.timer.as_mut().reset(deadline),
                None => {
                    let before = self.stalled.take();
                    self.stalled = self.requests.awaiting_client();
                    if before.is_some() && before == self.stalled {
                        return Poll::Ready(Idle::Stalled);
                    }
                    // A request that ends before the next firing will have been idle for less than `idle`.
                    let next = after(now, self.idle.min(self.client));
                    self.timer.as_mut().reset(next);
                }
            }
        }
    }
}

/// `moment + time`, capped at a time far enough away to mean never.
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

    async fn fires(watch: &mut IdleWatch) -> Duration {
        let started = Instant::now();
        assert_eq!(poll_fn(|cx| watch.poll(cx)).await, Idle::NoRequest);
        started.elapsed()
    }

    /// Polls as the connection's task does when something has happened.
    fn is_open(watch: &mut IdleWatch) -> bool {
        poll_fn(|cx| watch.poll(cx)).now_or_never().is_none()
    }

    /// A connection without a head is closed, whatever other bytes arrive on it.
    #[tokio::test(start_paused = true)]
    async fn first_head_has_its_own_limit() {
        let (requests, mut watch) = watch();
        requests.read(true);
        assert!(is_open(&mut watch));
        assert_eq!(fires(&mut watch).await, HEAD);
    }

    /// The idle time starts with the end of the last request, however long that request takes.
    #[tokio::test(start_paused = true)]
    async fn idle_time_starts_with_the_end_of_a_request() {
        for seconds in [0, 1, 29, 31, 74, 76, 200] {
            let (requests, mut watch) = watch();
            let running = requests.receive(Version::HTTP_11, false);
            let at_work = running.at_work();
            let mut firing = Box::pin(fires(&mut watch));
            assert!((&mut firing).now_or_never().is_none());
            let took = Duration::from_secs(seconds);
            tokio::spawn(async move {
                sleep(took).await;
                drop((at_work, running));
            });
            assert_eq!(firing.await, took + IDLE, "{seconds}");
        }
    }

    /// A started head has the time limit of a head, which may end before or after the idle time.
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
            // A slow head gains nothing by another byte.
            requests.read(true);
            assert!(is_open(&mut watch));
            assert_eq!(fires(&mut watch).await, HEAD - Duration::from_secs(1));
        }
    }

    /// So has a head whose first bytes came with the request before it.
    #[tokio::test(start_paused = true)]
    async fn pipelined_heads_have_the_limit_of_a_head() {
        let (requests, mut watch) = watch();
        for _ in 0..3 {
            requests.read(false);
            drop(requests.receive(Version::HTTP_11, false));
            assert!(is_open(&mut watch));
            // Most of this head's time, which does not count against the next one.
            sleep(HEAD * 9 / 10).await;
            assert!(is_open(&mut watch));
        }
        assert_eq!(fires(&mut watch).await, HEAD / 10);
    }

    /// A complete head leaves the next one its whole time.
    #[tokio::test(start_paused = true)]
    async fn complete_heads_start_afresh() {
        let (requests, mut watch) = watch();
        for _ in 0..3 {
            requests.read(true);
            drop(requests.receive(Version::HTTP_11, false));
            assert!(is_open(&mut watch));
            sleep(HEAD * 2).await;
        }
        assert_eq!(fires(&mut watch).await, IDLE - HEAD * 2);
    }

    /// On HTTP/2, bytes say nothing about heads: a client that only pings is idle.
    #[tokio::test(start_paused = true)]
    async fn pings_do_not_count_as_heads() {
        let (requests, mut watch) = watch();
        drop(requests.receive(Version::HTTP_2, false));
        for _ in 0..70 {
            requests.read(true);
            assert!(is_open(&mut watch));
            sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(fires(&mut watch).await, Duration::from_secs(5));
    }

    /// A client that reads nothing is disconnected. A client that reads now and then is not, and neither
    /// is one that waits for the host.
    #[tokio::test(start_paused = true)]
    async fn stalled_clients_are_disconnected() {
        let (requests, mut watch) = watch();
        let running = requests.receive(Version::HTTP_2, false);
        let started = Instant::now();
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
            running.made_progress();
            requests.read(true);
        }
        assert!(started.elapsed() > CLIENT * 50);
        let started = Instant::now();
        assert_eq!(poll_fn(|cx| watch.poll(cx)).await, Idle::Stalled);
        assert!((CLIENT..=CLIENT * 2).contains(&started.elapsed()));
    }

    /// Also where a client may read nothing for less time than a head may take.
    #[tokio::test(start_paused = true)]
    async fn stalled_clients_are_disconnected_from_the_first_request_on() {
        let client = HEAD / 10;
        let requests = Arc::new(ActiveRequests::default());
        let mut watch = IdleWatch::new(Arc::clone(&requests), [HEAD, IDLE, client]);
        let _running = requests.receive(Version::HTTP_2, false);
        let started = Instant::now();
        assert_eq!(poll_fn(|cx| watch.poll(cx)).await, Idle::Stalled);
        assert!((client..=client * 2).contains(&started.elapsed()));
    }

    /// The longest possible time does not overflow.
    #[tokio::test(start_paused = true)]
    async fn limits_can_be_endless() {
        let requests = Arc::new(ActiveRequests::default());
        let mut watch = IdleWatch::new(Arc::clone(&requests), [Duration::MAX; 3]);
        assert!(is_open(&mut watch));
        drop(requests.receive(Version::HTTP_11, false));
        assert!(is_open(&mut watch));
    }
}
