//! Whether the store can be written, which anybody may ask.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::StoreError;
use super::artifacts::Artifacts;
use super::writer::StoreWriter;

/// How long an answer stands, so that those who ask cannot make the disk busy.
const FRESH: Duration = Duration::from_secs(1);

/// Whether the store can be written.
type ProbeResult = Result<(), Arc<StoreError>>;

#[derive(Debug, Default)]
pub(super) struct Probe {
    last: Mutex<Option<(Instant, ProbeResult)>>,
}

impl Probe {
    pub(super) async fn check(
        &self,
        writer: &StoreWriter,
        artifacts: &Arc<Artifacts>,
    ) -> ProbeResult {
        let mut last = self.last.lock().await;
        if let Some((at, result)) = &*last
            && at.elapsed() < FRESH
        {
            return result.clone();
        }
        let written = writer
            .write(|connection| connection.execute("UPDATE probe SET count = count + 1", []))
            .await;
        let result = match written {
            Ok(_) => {
                let artifacts = artifacts.clone();
                let check = move || artifacts.check_writable();
                let checked = tokio::task::spawn_blocking(check).await;
                let checked = checked.unwrap_or_else(|error| Err(io::Error::other(error)));
                checked.map_err(StoreError::from)
            }
            Err(error) => Err(error),
        };
        let result = result.map_err(Arc::new);
        *last = Some((Instant::now(), result.clone()));
        result
    }
}
