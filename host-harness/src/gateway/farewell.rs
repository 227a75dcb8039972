//! Closes a connection whose client may still be sending.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::message::active_requests::{ActiveRequest, ActiveRequests};

/// How long the host keeps reading after its last byte.
const LINGER: Duration = Duration::from_secs(30);

/// How long the client may pause in that time.
const LINGER_IDLE: Duration = Duration::from_secs(5);

/// Reads and discards what the client still sends, for a limited time.
///
/// Closing a socket with bytes unread, or that receives some afterwards, resets the connection. The
/// client could then lose the response in flight (RFC 9112, section 9.6). If the client has nothing
/// left to send, this ends at once.
pub(super) struct Farewell {
    end: Instant,
    /// Whether the client may have more to send.
    expects_more: bool,
    timer: Option<Pin<Box<Sleep>>>,
    /// A server that shuts down waits for this.
    _running: ActiveRequest,
}

impl Farewell {
    pub(super) fn new(requests: &Arc<ActiveRequests>) -> Self {
        Self {
            end: Instant::now() + LINGER,
            expects_more: requests.has_unread(),
            timer: None,
            _running: requests.start(),
        }
    }

    pub(super) fn poll<S: AsyncRead>(
        &mut self,
        mut stream: Pin<&mut S>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let mut discarded = [0; 4096];
        // The clock is checked first: a stream that is always ready has to end as well.
        while Instant::now() < self.end {
            let mut into = ReadBuf::new(&mut discarded);
            match stream.as_mut().poll_read(cx, &mut into) {
                Poll::Ready(Ok(())) if !into.filled().is_empty() => {
                    self.expects_more = true;
                    self.timer = None;
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending if !self.expects_more => return Poll::Ready(()),
                Poll::Pending => {
                    let pause = self.end.min(Instant::now() + LINGER_IDLE);
                    let timer = &mut self.timer;
                    let timer = timer.get_or_insert_with(|| Box::pin(sleep_until(pause)));
                    ready!(timer.as_mut().poll(cx));
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

    /// A client with nothing left to send is not waited for.
    #[tokio::test(start_paused = true)]
    async fn client_with_nothing_to_send_ends_at_once() {
        let (stream, _other) = duplex(1);
        let requests = Arc::new(ActiveRequests::default());
        assert_eq!(
            lasts(stream, &requests).now_or_never(),
            Some(Duration::ZERO)
        );
    }

    /// The rest of a body is waited for, until the client closes or pauses for too long.
    #[tokio::test(start_paused = true)]
    async fn rest_of_a_body_is_discarded() {
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

    /// A client that never ends is cut off, and so is one that sends a byte now and then.
    #[tokio::test(start_paused = true)]
    async fn endless_clients_are_cut_off() {
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
