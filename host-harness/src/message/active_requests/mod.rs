//! Counts a connection's requests in flight, so that it is closed only when none is left.

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
    /// How many requests have started in total: shows whether one did in the meantime.
    started: AtomicUsize,
    /// Request heads that arrived in full.
    heads: AtomicUsize,
    /// Bytes have arrived after the last request's head, but no complete head.
    part_of_head: AtomicBool,
    /// The last bytes that arrived do not end a head.
    is_open: AtomicBool,
    /// The body of the last request may still be arriving: bytes need not belong to a head.
    has_upload: AtomicBool,
    http2: AtomicBool,
    /// When the last request ended, in nanoseconds since the connection was opened.
    ended: AtomicU64,
    /// Requests that wait for the host and not for their client.
    at_work: AtomicUsize,
    /// Counts progress of any kind: shows whether there was some in the meantime.
    progress: AtomicUsize,
    /// The connection closes although its client may still be sending a body.
    unread: AtomicBool,
    /// Notified when the last request ends. At most one task may wait for it.
    all_ended: Notify,
}

/// A request in flight, or a part of it. It ends when all clones are dropped.
#[derive(Debug)]
pub(crate) struct ActiveRequest(Arc<ActiveRequests>);

/// A request that waits for the host, not for the client.
#[derive(Debug)]
pub(crate) struct AtWork(Arc<ActiveRequests>);

/// A request whose body is arriving. Ends when dropped, whether the body was read or not.
#[derive(Debug)]
pub(crate) struct Uploading(ActiveRequest);

impl Default for ActiveRequests {
    fn default() -> Self {
        Self {
            opened: Instant::now(),
            running: AtomicUsize::new(0),
            started: AtomicUsize::new(0),
            heads: AtomicUsize::new(0),
            part_of_head: AtomicBool::new(false),
            is_open: AtomicBool::new(false),
            has_upload: AtomicBool::new(false),
            http2: AtomicBool::new(false),
            ended: AtomicU64::new(0),
            at_work: AtomicUsize::new(0),
            progress: AtomicUsize::new(0),
            unread: AtomicBool::new(false),
            all_ended: Notify::new(),
        }
    }
}

impl ActiveRequests {
    /// Records that a request's head has arrived, perhaps with a part of the next one.
    ///
    /// After a request without a body, only another head can follow.
    pub(crate) fn receive(self: &Arc<Self>, version: Version, has_body: bool) -> ActiveRequest {
        self.heads.fetch_add(1, Ordering::SeqCst);
        self.has_upload.store(has_body, Ordering::Relaxed);
        let has_more = !has_body && self.is_open.load(Ordering::Relaxed);
        self.part_of_head.store(has_more, Ordering::SeqCst);
        if version >= Version::HTTP_2 {
            self.http2.store(true, Ordering::SeqCst);
        }
        self.start()
    }

    /// Records that bytes have arrived, and whether they end as a head does.
    pub(crate) fn read(&self, ends_head: bool) {
        self.is_open.store(!ends_head, Ordering::Relaxed);
        if self.is_idle() {
            self.part_of_head.store(true, Ordering::SeqCst);
        } else if !self.http2.load(Ordering::SeqCst) {
            self.progress.fetch_add(1, Ordering::SeqCst);
            if !self.has_upload.load(Ordering::Relaxed) {
                self.part_of_head.store(!ends_head, Ordering::SeqCst);
            }
        }
    }

    /// The progress count, if all requests in flight wait for the client; else `None`.
    pub(crate) fn awaiting_client(&self) -> Option<usize> {
        let at_work = self.at_work.load(Ordering::SeqCst) > 0;
        (!at_work && !self.is_idle()).then(|| self.progress.load(Ordering::SeqCst))
    }

    /// Starts a part of a request that has to finish though its own [`ActiveRequest`] may be gone.
    pub(crate) fn start(self: &Arc<Self>) -> ActiveRequest {
        self.running.fetch_add(1, Ordering::SeqCst);
        self.started.fetch_add(1, Ordering::SeqCst);
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

    /// Whether a request's head has started to arrive. Always false for HTTP/2, where bytes do not tell.
    pub(crate) fn has_part_of_head(&self) -> bool {
        self.part_of_head.load(Ordering::SeqCst) && !self.http2.load(Ordering::SeqCst)
    }

    /// When the last request ended, or when the connection was opened if none has.
    pub(crate) fn ended(&self) -> Instant {
        self.opened + Duration::from_nanos(self.ended.load(Ordering::SeqCst))
    }

    /// Records that the client may still be sending a body that will not be read.
    pub(crate) fn leave_unread(&self) {
        self.unread.store(true, Ordering::SeqCst);
    }

    /// Whether [`leave_unread`](Self::leave_unread) was called.
    pub(crate) fn has_unread(&self) -> bool {
        self.unread.load(Ordering::SeqCst)
    }

    /// Waits until no request has been in flight for `pause`.
    pub(crate) async fn wait_idle(&self, pause: Duration) {
        loop {
            let started = self.started.load(Ordering::SeqCst);
            if self.running.load(Ordering::SeqCst) > 0 {
                self.all_ended.notified().await;
                continue;
            }
            sleep(pause).await;
            if self.started.load(Ordering::SeqCst) == started {
                return;
            }
        }
    }
}

impl ActiveRequest {
    /// Counts this request as waiting for the host while the guard lives.
    pub(crate) fn at_work(&self) -> AtWork {
        self.0.at_work.fetch_add(1, Ordering::SeqCst);
        AtWork(Arc::clone(&self.0))
    }

    /// Whether the connection has to close after the response.
    pub(crate) fn has_unread(&self) -> bool {
        self.0.has_unread()
    }

    /// Records that the client has read something.
    pub(crate) fn made_progress(&self) {
        self.0.progress.fetch_add(1, Ordering::SeqCst);
    }

    /// Counts this request's body as arriving while the guard lives.
    pub(crate) fn uploading(&self) -> Uploading {
        Uploading(self.clone())
    }
}

impl Uploading {
    /// Records that the rest of the body will not be read.
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
        // Before the count: a task that sees no request in flight has to see since when.
        if requests.running.load(Ordering::SeqCst) == 1 {
            let since = requests.opened.elapsed().as_nanos();
            let since = u64::try_from(since).unwrap_or(u64::MAX);
            requests.ended.store(since, Ordering::SeqCst);
        }
        if requests.running.fetch_sub(1, Ordering::SeqCst) == 1 {
            requests.all_ended.notify_one();
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
        self.0.progress.fetch_add(1, Ordering::SeqCst);
        self.0.at_work.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests;
