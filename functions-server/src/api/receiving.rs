//! Receives a component: from the connection to a temporary file, a piece at a time.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::store::{Artifacts, StoreError, Uploaded};

/// Pieces between the connection and the disk.
const MAX_PIECES: usize = 4;

/// Receives a component into a temporary file. Writing blocks, and has its own thread.
pub(super) struct ComponentReceiver {
    pieces: mpsc::Sender<Bytes>,
    writing: JoinHandle<Result<Uploaded, StoreError>>,
    length: u64,
    max: u64,
}

/// The error of a component that is longer than the limit.
#[derive(Debug)]
pub(super) struct ComponentTooLong;

impl ComponentReceiver {
    /// Receives up to `max` bytes.
    pub(super) fn start(artifacts: &Arc<Artifacts>, max: u64) -> Self {
        let artifacts = Arc::clone(artifacts);
        let (pieces, mut arrived) = mpsc::channel::<Bytes>(MAX_PIECES);
        let write = move || {
            let mut upload = artifacts.upload()?;
            while let Some(piece) = arrived.blocking_recv() {
                upload.write(&piece)?;
            }
            Ok(upload.finish())
        };
        Self {
            pieces,
            writing: tokio::task::spawn_blocking(write),
            length: 0,
            max,
        }
    }

    pub(super) async fn add(&mut self, piece: Bytes) -> Result<(), ComponentTooLong> {
        self.length += piece.len() as u64;
        if self.length > self.max {
            return Err(ComponentTooLong);
        }
        // If writing has failed, `finish` has the error; the rest is read and dropped.
        let _ = self.pieces.send(piece).await;
        Ok(())
    }

    pub(super) async fn finish(self) -> Result<Uploaded, StoreError> {
        drop(self.pieces);
        self.writing.await.map_err(|_| StoreError::Closed)?
    }
}
