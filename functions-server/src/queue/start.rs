//! Starts the attempts of invocations that wait.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::attempt::{STORE_PAUSE, log, spawn};
use super::schedule::{Admission, StartedTurn};
use super::sweep::sweep;
use super::{AttemptState, Freed, Queue, QueueInner, QueuePosition, StartAttempt};
use crate::store::invocations::{self, QueuedId};
use crate::store::{StoreError, Time};

/// How many attempts are begun with one write.
const BATCH: usize = 64;

/// The longest wait without a look at the clock.
const MAX_WAIT: Duration = Duration::from_secs(60);

impl Queue {
    /// Runs what waits, on this runtime, until the queue is dropped. Once is enough.
    pub(crate) fn start(&self) {
        if self.inner.is_started.swap(true, Ordering::Relaxed) {
            return;
        }
        let inner = Arc::downgrade(&self.inner);
        tokio::spawn(run(inner.clone(), self.inner.freed.clone()));
        tokio::spawn(sweep(inner));
    }
}

impl Queue {
    /// Begins no further attempts, and returns once those that run have ended.
    pub(crate) async fn stop(&self) {
        self.inner.is_stopping.store(true, Ordering::Relaxed);
        self.inner.freed.wake();
        loop {
            let ended = self.inner.ended.notified();
            if self.lengths().1 == 0 {
                return;
            }
            ended.await;
        }
    }
}

impl Drop for QueueInner {
    fn drop(&mut self) {
        self.freed.wake();
    }
}

async fn run(queue: Weak<QueueInner>, freed: Freed) {
    while let Some(inner) = queue.upgrade() {
        if inner.is_stopping.load(Ordering::Relaxed) {
            return;
        }
        let next = inner.next();
        if !next.is_empty() {
            begin(&inner, next).await;
            continue;
        }
        let due = inner.schedule().next_due();
        let wait = due.map_or(MAX_WAIT, |due| {
            let milliseconds = due.0.saturating_sub(Time::now().0).max(0);
            Duration::from_millis(milliseconds.unsigned_abs()).min(MAX_WAIT)
        });
        let until = Instant::now() + wait;
        // A server that is dropped does not wait for this.
        drop(inner);
        tokio::select! {
            () = freed.woken() => {}
            () = sleep_until(until) => {}
        }
    }
}

/// Begins attempts that have room: on the disk first, so that a process that ends with them is seen.
async fn begin(inner: &Arc<QueueInner>, next: Vec<StartedTurn>) {
    let ids: Vec<QueuedId> = next.iter().map(|next| next.turn.id).collect();
    let claiming = ids.iter().map(|id| (*id, AttemptState::Claiming));
    inner.running().extend(claiming);
    let now = Time::now();
    let claim = move |connection: &_| invocations::claim(connection, &ids, now);
    let claimed = loop {
        match inner.store.write(claim.clone()).await {
            Ok(claimed) => break claimed,
            Err(StoreError::Closed) => return,
            Err(error) => {
                log(&error, "invocations that wait cannot be run");
                sleep(STORE_PAUSE).await;
            }
        }
    };
    let mut claimed = claimed.into_iter().peekable();
    for StartedTurn { turn, start } in next {
        // In the same order; those that were cancelled are missing.
        match claimed.next_if(|claimed| claimed.row.id == turn.id) {
            Some(claimed) => spawn(inner, turn, start, claimed),
            None => {
                inner.running().remove(&turn.id);
                inner.schedule().end(&turn.function);
            }
        }
    }
}

impl QueueInner {
    /// What has its turn and room.
    fn next(&self) -> Vec<StartedTurn> {
        // Before anything is asked for room, so that none is missed that is freed meanwhile.
        let is_freed = self.freed.take();
        let mut schedule = self.schedule();
        if is_freed {
            schedule.try_waiting();
        }
        schedule.next(Time::now(), BATCH, self)
    }
}

impl Admission for QueueInner {
    fn concurrency(&self, function: &str) -> Option<usize> {
        let served = self.deployments.served(function)?;
        let concurrency = served.settings.concurrency?;
        usize::try_from(concurrency).ok()
    }

    fn start(
        &self,
        source: &str,
        function: &Arc<str>,
        position: Option<QueuePosition>,
    ) -> Result<StartAttempt, QueuePosition> {
        self.runner(source).start(function, position)
    }
}
