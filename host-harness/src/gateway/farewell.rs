//! The end of a connection whose client may still be sending.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::message::active_requests::{ActiveRequest, ActiveRequests};

/// How long the host reads on after its last byte.
const LINGER: Duration = Duration::from_secs(30);

/// How long the client may pause meanwhile.
const LINGER_IDLE: Duration = Duration::from_secs(5);

/// Reads and throws away what the client still sends, for a while.
///
/// A socket that is closed with bytes unread, or that gets some afterwards, resets the connection, and
/// the client could lose the response that is on its way (RFC 9112, section 9.6). Where the client owes
/// nothing, this ends at once.
pub(super) struct Farewell {
    end: Instant,
    /// Whether there is something to wait for.
    owed: bool,
    alarm: Option<Pin<Box<Sleep>>>,
    /// A server that stops waits for it.
    _running: ActiveRequest,
}

impl Farewell {
    pub(super) fn new(requests: &Arc<ActiveRequests>) -> Self {
        Self {
            end: Instant::now() + LINGER,
            owed: requests.has_unread(),
            alarm: None,
            _running: requests.begin(),
        }
    }

    pub(super) fn poll<S: AsyncRead>(
        &mut self,
        mut stream: Pin<&mut S>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let mut scrap = [0; 4096];
        // One that is always ready to be read is to end as well.
        while Instant::now() < self.end {
            let mut into = ReadBuf::new(&mut scrap);
            match stream.as_mut().poll_read(cx, &mut into) {
                Poll::Ready(Ok(())) if !into.filled().is_empty() => {
                    self.owed = true;
                    self.alarm = None;
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending if !self.owed => return Poll::Ready(()),
                Poll::Pending => {
                    let pause = self.end.min(Instant::now() + LINGER_IDLE);
                    let alarm = &mut self.alarm;
                    let alarm = alarm.get_or_insert_with(|| Box::pin(sleep_until(pause)));
                    ready!(alarm.as_mut().poll(cx));
                    return Poll::Ready(());
                }
            }
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use futures_util::FutureExt as _;
    use tokio::io::{AsyncWriteExt as _, DuplexStream, duplex};
    use tokio::time::sleep;

    use super::*;

    async fn lasts(mut stream: DuplexStream, requests: &Arc<ActiveRequests>) -> Duration {
        let started = Instant::now();
        let mut farewell = Farewell::new(requests);
        poll_fn(|cx| farewell.poll(Pin::new(&mut stream), cx)).await;
        started.elapsed()
    }

    /// A client that owes nothing is not waited for.
    #[tokio::test(start_paused = true)]
    async fn nothing_owed_ends_at_once() {
        let (stream, _other) = duplex(1);
        let requests = Arc::new(ActiveRequests::default());
        assert_eq!(
            lasts(stream, &requests).now_or_never(),
            Some(Duration::ZERO)
        );
    }

    /// The rest of a body is waited for, until the client closes or pauses for too long.
    #[tokio::test(start_paused = true)]
    async fn rests_are_read() {
        let requests = Arc::new(ActiveRequests::default());
        requests.leave_unread();
        let (stream, other) = duplex(1);
        assert_eq!(lasts(stream, &requests).await, LINGER_IDLE);
        drop(other);

        let (stream, mut other) = duplex(1);
        let sending = async {
            sleep(LINGER_IDLE / 2).await;
            other.write_all(&[0; 100_000]).await.unwrap();
            sleep(LINGER_IDLE / 2).await;
            drop(other);
        };
        let (lasted, ()) = tokio::join!(lasts(stream, &requests), sending);
        assert_eq!(lasted, LINGER_IDLE);
    }

    /// A client that never ends is left in the end, and so is one that sends a byte now and then.
    #[tokio::test(start_paused = true)]
    async fn endless_clients_are_left() {
        for pause in [
            Duration::from_millis(1),
            LINGER_IDLE - Duration::from_millis(1),
        ] {
            let requests = Arc::new(ActiveRequests::default());
            requests.leave_unread();
            let (stream, mut other) = duplex(1);
            tokio::spawn(async move {
                while other.write_all(b"x").await.is_ok() {
                    sleep(pause).await;
                }
            });
            let lasted = lasts(stream, &requests).await;
            assert!(
                (LINGER - LINGER_IDLE..=LINGER).contains(&lasted),
                "{lasted:?}"
            );
        }
    }
}
