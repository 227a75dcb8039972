//! One attempt: it runs, and its outcome is written.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::policy::{self, backoff};
use super::schedule::Turn;
use super::{AttemptOutcome, AttemptRequest, AttemptState, QueueInner, StartAttempt};
use crate::store::invocations::{self, Claimed, Conclusion, InvocationState, QueuedId};
use crate::store::{StoreError, Time};

/// How long to wait when the store fails.
pub(super) const STORE_PAUSE: Duration = Duration::from_secs(1);

/// Runs an attempt that has begun on the disk.
pub(super) fn spawn(inner: &Arc<QueueInner>, turn: Turn, start: StartAttempt, claimed: Claimed) {
    let attempt = AttemptRequest {
        function: turn.function.clone(),
        request: claimed.request,
        accepted: claimed.row.accepted,
    };
    // The attempt alone can be aborted, and not what is written about it.
    let running = tokio::spawn(start(attempt));
    let id = turn.id;
    let attempt = AttemptState::Running(running.abort_handle());
    if let Some(AttemptState::Cancelled) = inner.running().insert(id, attempt) {
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
            Err(_) => Some(AttemptOutcome::Failed("the host failed".to_owned(), None)),
        };
        inner.running().remove(&id);
        if let Some(ended) = ended {
            let mut conclusion = inner.conclude(&turn, ended, failures);
            conclusion.version = version;
            let due = conclusion.due;
            if due.is_some() {
                // Before it can be seen that it waits.
                inner.schedule().hold(&turn);
            }
            if write(&inner, id, conclusion).await
                && let Some(due) = due
            {
                inner.schedule().delay(&turn, due);
            }
        }
        inner.schedule().end(&turn.function);
        inner.freed.wake();
        inner.ended.notify_waiters();
    });
}

/// Writes how an attempt ended; returns whether that is on the disk.
async fn write(inner: &QueueInner, id: QueuedId, conclusion: Conclusion) -> bool {
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

impl QueueInner {
    /// The outcome of an attempt that ended as the `failures`th that was not interrupted.
    fn conclude(&self, turn: &Turn, ended: AttemptOutcome, failures: u32) -> Conclusion {
        let now = Time::now();
        let (state, error, result) = match ended {
            AttemptOutcome::Succeeded(result) => (InvocationState::Succeeded, None, Some(result)),
            AttemptOutcome::Rejected(error) => (InvocationState::Failed, Some(error), None),
            AttemptOutcome::Failed(error, result) => {
                let (retries, first) = self.retry_settings(&turn.function);
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
            expires: Some(self.options.expiry(now).of(&turn.source)),
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

pub(super) fn log(error: &StoreError, what: &'static str) {
    let error: &dyn std::error::Error = error;
    tracing::error!(error, "{what}");
}
