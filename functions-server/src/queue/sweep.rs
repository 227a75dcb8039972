//! Deletes what is over.

use std::sync::Weak;
use std::time::Duration;

use tokio::time::sleep;

use super::QueueInner;
use crate::store::invocations;
use crate::store::{StoreError, Time};

/// How often what is over is deleted, and how much at once.
const SWEEP: Duration = Duration::from_secs(60);
const SWEEP_BATCH: i64 = 500;

/// Deletes what is over, until the queue is dropped.
pub(super) async fn sweep(queue: Weak<QueueInner>) {
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
