//! Detects bulk transfers: connections that take much in a short time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A bulk transfer writes at least this many bytes within [`WINDOW`], and ends when it has not for as long.
const BULK: usize = 1 << 20;
const WINDOW: Duration = Duration::from_millis(100);

/// The shortest write that counts, in bytes. Shorter ones are not worth a look at the clock.
const COUNTED: usize = 8 << 10;

/// What a connection has written of late.
#[derive(Default)]
pub(super) struct Bulk {
    written: Mutex<Written>,
    /// A transfer has begun that nobody has taken care of.
    has_begun: AtomicBool,
}

#[derive(Default)]
struct Written {
    window: Option<Instant>,
    bytes: usize,
    /// Until when the transfer lasts, unless it goes on.
    until: Option<Instant>,
}

impl Bulk {
    /// Counts a write.
    pub(super) fn add(&self, bytes: usize) {
        if bytes < COUNTED {
            return;
        }
        let now = Instant::now();
        let mut written = self.written();
        if written.window.is_none_or(|window| window + WINDOW < now) {
            written.window = Some(now);
            written.bytes = 0;
        }
        written.bytes += bytes;
        if written.bytes >= BULK {
            let before = written.until.replace(now + WINDOW);
            if before.is_none_or(|until| until <= now) {
                self.has_begun.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Whether a transfer has begun since the last call of [`clear`](Self::clear).
    pub(super) fn has_begun(&self) -> bool {
        self.has_begun.load(Ordering::Relaxed)
    }

    pub(super) fn clear(&self) {
        self.has_begun.store(false, Ordering::Relaxed);
    }

    /// Whether a transfer is going on.
    pub(super) fn is_on(&self) -> bool {
        let until = self.written().until;
        until.is_some_and(|until| Instant::now() < until)
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writing fast starts a transfer, which ends when the writing pauses. Writing slowly never starts one.
    #[tokio::test(start_paused = true)]
    async fn transfers_begin_and_end() {
        let bulk = Bulk::default();
        let piece = BULK / 4;
        for _ in 0..100 {
            bulk.add(piece);
            tokio::time::sleep(WINDOW / 3).await;
        }
        assert!(!bulk.has_begun() && !bulk.is_on());
        tokio::time::sleep(2 * WINDOW).await;
        for _ in 0..3 {
            bulk.add(piece);
        }
        assert!(!bulk.has_begun() && !bulk.is_on());
        bulk.add(piece);
        assert!(bulk.has_begun() && bulk.is_on());
        bulk.clear();
        for _ in 0..20 {
            tokio::time::sleep(WINDOW / 2).await;
            bulk.add(BULK);
            assert!(bulk.is_on());
        }
        assert!(!bulk.has_begun(), "it was asked about before");
        tokio::time::sleep(WINDOW).await;
        assert!(!bulk.is_on());
        bulk.add(BULK);
        assert!(bulk.has_begun() && bulk.is_on());
    }

    /// Short writes do not count, however many.
    #[tokio::test(start_paused = true)]
    async fn short_writes_are_no_transfer() {
        let bulk = Bulk::default();
        for _ in 0..1000 {
            bulk.add(COUNTED - 1);
        }
        assert!(!bulk.has_begun());
    }
}
