//! What runs on a connection, so that it is not closed under a request, nor kept without one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use http::Version;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

/// The requests of one connection whose heads have arrived.
#[derive(Debug)]
pub(crate) struct ActiveRequests {
    opened: Instant,
    running: AtomicUsize,
    /// How many have begun in all: tells that there was one in the meantime.
    begun: AtomicUsize,
    /// Request heads that arrived in full.
    heads: AtomicUsize,
    /// Bytes have arrived behind the last request, and no head.
    part_of_head: AtomicBool,
    /// The last bytes that arrived do not end a head.
    is_open: AtomicBool,
    /// The body of the last request may still be arriving: what arrives need be no head.
    has_upload: AtomicBool,
    http2: AtomicBool,
    /// When the last request ended, in nanoseconds since the connection was opened.
    ended: AtomicU64,
    /// Requests that wait for the host and not for their client.
    at_work: AtomicUsize,
    /// Counts what happens: tells that something did in the meantime.
    moves: AtomicUsize,
    /// The connection closes although its client may still be sending a body.
    unread: AtomicBool,
    /// None runs any more. Only one may wait for it.
    over: Notify,
}

/// A request that runs, or what is left of one. It has ended when all clones are dropped.
#[derive(Debug)]
pub(crate) struct ActiveRequest(Arc<ActiveRequests>);

/// A request that the host works on.
#[derive(Debug)]
pub(crate) struct AtWork(Arc<ActiveRequests>);

/// A request whose body arrives. It has ended when it is dropped, whether the body was read or not.
#[derive(Debug)]
pub(crate) struct Uploading(ActiveRequest);

impl Default for ActiveRequests {
    fn default() -> Self {
        Self {
            opened: Instant::now(),
            running: AtomicUsize::new(0),
            begun: AtomicUsize::new(0),
            heads: AtomicUsize::new(0),
            part_of_head: AtomicBool::new(false),
            is_open: AtomicBool::new(false),
            has_upload: AtomicBool::new(false),
            http2: AtomicBool::new(false),
            ended: AtomicU64::new(0),
            at_work: AtomicUsize::new(0),
            moves: AtomicUsize::new(0),
            unread: AtomicBool::new(false),
            over: Notify::new(),
        }
    }
}

impl ActiveRequests {
    /// A request's head has arrived, and with it perhaps a part of the next one: without a body, nothing
    /// else can be behind it.
    pub(crate) fn receive(self: &Arc<Self>, version: Version, has_body: bool) -> ActiveRequest {
        self.heads.fetch_add(1, Ordering::SeqCst);
        self.has_upload.store(has_body, Ordering::Relaxed);
        let has_more = !has_body && self.is_open.load(Ordering::Relaxed);
        self.part_of_head.store(has_more, Ordering::SeqCst);
        if version >= Version::HTTP_2 {
            self.http2.store(true, Ordering::SeqCst);
        }
        self.begin()
    }

    /// Bytes have arrived, which may end as a head does.
    pub(crate) fn read(&self, ends_head: bool) {
        self.is_open.store(!ends_head, Ordering::Relaxed);
        if self.is_idle() {
            self.part_of_head.store(true, Ordering::SeqCst);
        } else if !self.http2.load(Ordering::SeqCst) {
            self.moves.fetch_add(1, Ordering::SeqCst);
            if !self.has_upload.load(Ordering::Relaxed) {
                self.part_of_head.store(!ends_head, Ordering::SeqCst);
            }
        }
    }

    /// How much has happened, where all that runs waits for the client.
    pub(crate) fn awaiting_client(&self) -> Option<usize> {
        let at_work = self.at_work.load(Ordering::SeqCst) > 0;
        (!at_work && !self.is_idle()).then(|| self.moves.load(Ordering::SeqCst))
    }

    /// Something of a request that is to be finished, though its own [`ActiveRequest`] may be gone.
    pub(crate) fn begin(self: &Arc<Self>) -> ActiveRequest {
        self.running.fetch_add(1, Ordering::SeqCst);
        self.begun.fetch_add(1, Ordering::SeqCst);
        ActiveRequest(Arc::clone(self))
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.running.load(Ordering::SeqCst) == 0
    }

    /// When the connection was opened.
    pub(crate) fn opened(&self) -> Instant {
        self.opened
    }

    /// How many heads have arrived since the connection was opened.
    pub(crate) fn heads(&self) -> usize {
        self.heads.load(Ordering::SeqCst)
    }

    /// Whether a request's head has begun to arrive. In HTTP/2, bytes do not tell.
    pub(crate) fn has_part_of_head(&self) -> bool {
        self.part_of_head.load(Ordering::SeqCst) && !self.http2.load(Ordering::SeqCst)
    }

    /// When the last request ended; when the connection was opened if none has.
    pub(crate) fn ended(&self) -> Instant {
        self.opened + Duration::from_nanos(self.ended.load(Ordering::SeqCst))
    }

    /// The client may still be sending a body that nobody reads any more.
    pub(crate) fn leave_unread(&self) {
        self.unread.store(true, Ordering::SeqCst);
    }

    /// Whether [`leave_unread`](Self::leave_unread) was called.
    pub(crate) fn has_unread(&self) -> bool {
        self.unread.load(Ordering::SeqCst)
    }

    /// Waits until none has run for so long.
    pub(crate) async fn wait_idle(&self, pause: Duration) {
        loop {
            let begun = self.begun.load(Ordering::SeqCst);
            if self.running.load(Ordering::SeqCst) > 0 {
                self.over.notified().await;
                continue;
            }
            sleep(pause).await;
            if self.begun.load(Ordering::SeqCst) == begun {
                return;
            }
        }
    }
}

impl ActiveRequest {
    /// The same request, while it waits for the host.
    pub(crate) fn at_work(&self) -> AtWork {
        self.0.at_work.fetch_add(1, Ordering::SeqCst);
        AtWork(Arc::clone(&self.0))
    }

    /// Whether the connection has to end with the response.
    pub(crate) fn has_unread(&self) -> bool {
        self.0.has_unread()
    }

    /// The client has taken something.
    pub(crate) fn taken(&self) {
        self.0.moves.fetch_add(1, Ordering::SeqCst);
    }

    /// The same request, whose body arrives.
    pub(crate) fn uploading(&self) -> Uploading {
        Uploading(self.clone())
    }
}

impl Uploading {
    /// Nobody will read the rest.
    pub(crate) fn leave_unread(&self) {
        self.0.0.leave_unread();
    }
}

impl Clone for ActiveRequest {
    fn clone(&self) -> Self {
        self.0.running.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(&self.0))
    }
}

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        let requests = &self.0;
        // Before the count: whoever sees that nothing runs is to see since when.
        if requests.running.load(Ordering::SeqCst) == 1 {
            let since = requests.opened.elapsed().as_nanos();
            let since = u64::try_from(since).unwrap_or(u64::MAX);
            requests.ended.store(since, Ordering::SeqCst);
        }
        if requests.running.fetch_sub(1, Ordering::SeqCst) == 1 {
            requests.over.notify_one();
        }
    }
}

impl Drop for Uploading {
    fn drop(&mut self) {
        self.0.0.has_upload.store(false, Ordering::Relaxed);
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.moves.fetch_add(1, Ordering::SeqCst);
        self.0.at_work.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    const PAUSE: Duration = Duration::from_secs(1);

    /// It is quiet a pause after the last part of the last request, and no sooner for those that began
    /// and ended within the pause.
    #[tokio::test(start_paused = true)]
    async fn quiet_after_the_last() {
        let requests = Arc::new(ActiveRequests::default());
        let begun = Instant::now();
        requests.wait_idle(PAUSE).await;
        assert_eq!(begun.elapsed(), PAUSE);

        let one = requests.begin();
        let part = one.clone();
        drop(one);
        let mut quiet = Box::pin(requests.wait_idle(PAUSE));
        for _ in 0..2 {
            assert!((&mut quiet).now_or_never().is_none());
            sleep(2 * PAUSE).await;
        }
        drop(part);
        let ended = Instant::now();
        assert!((&mut quiet).now_or_never().is_none());
        sleep(PAUSE / 2).await;
        drop(requests.begin());
        quiet.await;
        assert_eq!(ended.elapsed(), 2 * PAUSE);
    }

    /// The end is that of the last part of the last request.
    #[tokio::test(start_paused = true)]
    async fn end_is_that_of_the_last_part() {
        let requests = Arc::new(ActiveRequests::default());
        assert_eq!(requests.ended(), requests.opened());
        let one = requests.receive(Version::HTTP_11, true);
        let upload = one.uploading();
        sleep(PAUSE).await;
        drop(one);
        assert!(!requests.is_idle());
        sleep(PAUSE).await;
        drop(upload);
        sleep(PAUSE).await;
        assert!(requests.is_idle());
        assert_eq!(requests.ended(), requests.opened() + 2 * PAUSE);
    }

    /// What arrives behind a request, with it or after it, is part of the next head, unless it may be the
    /// request's body or ends as a head does.
    #[test]
    fn part_of_a_head_may_come_early() {
        let first = |has_body, ends_head| {
            let requests = Arc::new(ActiveRequests::default());
            requests.read(ends_head);
            let one = requests.receive(Version::HTTP_11, has_body);
            (requests, one)
        };
        for (has_body, ends_head, has_part) in [
            (false, true, false),
            (false, false, true),
            (true, true, false),
            (true, false, false),
        ] {
            let (requests, _one) = first(has_body, ends_head);
            assert_eq!(
                requests.has_part_of_head(),
                has_part,
                "{has_body} {ends_head}"
            );
        }
        for (has_body, read, has_part) in [
            (false, false, true),
            (false, true, false),
            (true, false, false),
        ] {
            let (requests, _one) = first(has_body, true);
            requests.read(read);
            assert_eq!(requests.has_part_of_head(), has_part, "{has_body} {read}");
        }
        let (requests, one) = first(true, true);
        drop(one.uploading());
        requests.read(false);
        assert!(requests.has_part_of_head());
        drop(requests.receive(Version::HTTP_11, false));
        assert!(requests.has_part_of_head(), "it is the next one's");
        requests.read(true);
        drop(requests.receive(Version::HTTP_11, false));
        assert!(!requests.has_part_of_head());
    }
}
