//! Runs what waits.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

use super::policy::{self, backoff};
use super::schedule::Next;
use super::{Attempt, Begun, Ended, Inner, Queue};
use crate::store::invocations::{self, Claimed, Conclusion, InvocationState, QueuedId};
use crate::store::{StoreError, Time};

/// How many attempts are begun with one write.
const BATCH: usize = 64;

/// How often what is over is deleted, and how much at once.
const SWEEP: Duration = Duration::from_secs(60);
const SWEEP_BATCH: i64 = 500;

/// How long to wait when the store fails.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// The longest wait without a look at the clock.
const MAX_WAIT: Duration = Duration::from_secs(60);

impl Queue {
    /// Runs what waits, on this runtime, until the queue is dropped. Once is enough.
    pub(crate) fn start(&self) {
        if self.inner.is_started.swap(true, Ordering::Relaxed) {
            return;
        }
        tokio::spawn(run(Arc::downgrade(&self.inner), self.inner.wake.clone()));
        tokio::spawn(sweep(Arc::downgrade(&self.inner)));
    }
}

impl Queue {
    /// Begins no further attempts, and returns once those that run have ended.
    pub(crate) async fn stop(&self) {
        self.inner.is_stopping.store(true, Ordering::Relaxed);
        self.inner.wake.notify_one();
        loop {
            let ended = self.inner.ended.notified();
            if self.lengths().1 == 0 {
                return;
            }
            ended.await;
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.wake.notify_one();
    }
}

async fn run(queue: Weak<Inner>, wake: Arc<Notify>) {
    while let Some(inner) = queue.upgrade() {
        if inner.is_stopping.load(Ordering::Relaxed) {
            return;
        }
        let next = inner.schedule().next(Time::now(), BATCH);
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
            () = wake.notified() => {}
            () = sleep_until(until) => {}
        }
    }
}

/// Begins attempts: on the disk first, so that a process that ends with them is seen.
async fn begin(inner: &Arc<Inner>, next: Vec<Next>) {
    let ids: Vec<QueuedId> = next.iter().map(|next| next.id).collect();
    let claiming = ids.iter().map(|id| (*id, Begun::Claiming));
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
    for next in next {
        // In the same order; those that were cancelled are missing.
        match claimed.next_if(|claimed| claimed.row.id == next.id) {
            Some(claimed) => spawn(inner, next, claimed),
            None => {
                inner.running().remove(&next.id);
                inner.schedule().end(&next.function);
            }
        }
    }
}

fn spawn(inner: &Arc<Inner>, next: Next, claimed: Claimed) {
    let attempt = Attempt {
        function: next.function.clone(),
        request: claimed.request,
        accepted: claimed.row.accepted,
    };
    let runner = inner.runner(&claimed.row.source);
    let retention = runner.retention().unwrap_or(inner.options.retention);
    // The attempt alone can be aborted, and not what is written about it.
    let running = tokio::spawn(async move {
        let running = runner.run(attempt);
        running.await
    });
    let id = next.id;
    let attempt = Begun::Running(running.abort_handle());
    if let Some(Begun::Cancelled) = inner.running().insert(id, attempt) {
        running.abort();
    }
    let (failures, version) = {
        let row = &claimed.row;
        let served = inner.deployments.served(&row.function);
        let failures = row.attempts.saturating_sub(row.interruptions);
        (failures, served.map(|served| served.version))
    };
    let inner = inner.clone();
    tokio::spawn(async move {
        let ended = match running.await {
            Ok(ended) => Some(ended),
            // Cancelled: the store knows. A panic is a bug of the host.
            Err(error) if error.is_cancelled() => None,
            Err(_) => Some(Ended::Failed("the host failed".to_owned(), None)),
        };
        inner.running().remove(&id);
        if let Some(ended) = ended {
            let mut conclusion = inner.conclude(&next, ended, failures, retention);
            conclusion.version = version;
            let due = conclusion.due;
            if due.is_some() {
                // Before it can be seen that it waits.
                inner.schedule().hold(&next.function);
            }
            if write(&inner, id, conclusion).await
                && let Some(due) = due
            {
                inner.schedule().delay(&next.function, id, due);
            }
        }
        inner.schedule().end(&next.function);
        inner.wake.notify_one();
        inner.ended.notify_waiters();
    });
}

/// Writes how an attempt ended; returns whether that is on the disk.
async fn write(inner: &Inner, id: QueuedId, conclusion: Conclusion) -> bool {
    let write = move |connection: &_| invocations::conclude(connection, id, &conclusion);
    loop {
        match inner.store.write(write.clone()).await {
            Ok(()) => return true,
            // The next start runs it again.
            Err(StoreError::Closed) => return false,
            Err(error) => {
                log(&error, "the result of an invocation cannot be stored");
                sleep(STORE_PAUSE).await;
            }
        }
    }
}

impl Inner {
    /// What comes of an attempt that ended as the `failures`th that was not interrupted.
    fn conclude(
        &self,
        next: &Next,
        ended: Ended,
        failures: u32,
        retention: Duration,
    ) -> Conclusion {
        let now = Time::now();
        let (state, error, result) = match ended {
            Ended::Succeeded(result) => (InvocationState::Succeeded, None, Some(result)),
            Ended::Rejected(error) => (InvocationState::Failed, Some(error), None),
            Ended::Failed(error, result) => {
                let (retries, first) = self.retry_settings(&next.function);
                if failures <= retries {
                    let wait = backoff(first, failures, random());
                    return Conclusion {
                        state: InvocationState::Waiting,
                        version: None,
                        due: Some(now.after(wait)),
                        finished: None,
                        expires: None,
                        error: Some(error),
                        result: None,
                    };
                }
                (InvocationState::Failed, Some(error), result)
            }
        };
        Conclusion {
            state,
            version: None,
            due: None,
            finished: Some(now),
            expires: Some(now.after(retention)),
            error,
            result,
        }
    }

    /// How often a function is tried again, and how long the first retry waits.
    fn retry_settings(&self, function: &str) -> (u32, Duration) {
        let served = self.deployments.served(function);
        let retries = served.as_ref().and_then(|served| served.settings.retries);
        let first = served.as_ref().and_then(|served| served.first_backoff());
        (
            retries.unwrap_or(policy::RETRIES),
            first.unwrap_or(policy::BACKOFF),
        )
    }
}

/// A number from 0 to 1; in the middle if the operating system has no random bytes.
fn random() -> f64 {
    getrandom::u32().map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX))
}

fn log(error: &StoreError, what: &'static str) {
    let error: &dyn std::error::Error = error;
    tracing::error!(error, "{what}");
}

/// Deletes what is over.
async fn sweep(queue: Weak<Inner>) {
    while let Some(inner) = queue.upgrade() {
        let now = Time::now();
        let delete =
            move |connection: &_| invocations::delete_expired(connection, now, SWEEP_BATCH);
        let wait = match inner.store.write(delete).await {
            Ok(0) => SWEEP,
            // There may be more; other writes come in between.
            Ok(_) => Duration::from_millis(10),
            Err(StoreError::Closed) => return,
            Err(error) => {
                tracing::warn!("expired invocations cannot be deleted: {error}");
                SWEEP
            }
        };
        drop(inner);
        sleep(wait).await;
    }
}
