//! Everything that must survive a restart: a folder with a SQLite database and the components.
//!
//! What a write acknowledges is on the disk. A process that is killed at any instruction leaves a folder
//! that opens, in which each write is there in full or not at all.

mod artifacts;
pub(crate) mod calls;
pub(crate) mod components;
mod database;
mod digest;
mod error;
mod folder;
pub(crate) mod functions;
pub(crate) mod invocations;
mod probe;
mod readers;
#[cfg(test)]
mod tests;
mod time;
pub(crate) mod tokens;
pub(crate) mod workers;
mod writer;

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::oneshot;

pub(crate) use artifacts::{Artifacts, Uploaded};
pub(crate) use digest::Digest;
pub use error::OpenError;
pub(crate) use error::StoreError;
pub(crate) use time::Time;

use folder::Folder;
use probe::Probe;
use readers::Readers;
use writer::StoreWriter;

/// A data folder in use.
#[derive(Debug)]
pub(crate) struct Store {
    // Fields are dropped in this order: the lock is released last.
    writer: StoreWriter,
    readers: Arc<Readers>,
    artifacts: Arc<Artifacts>,
    probe: Probe,
    folder: Folder,
}

impl Store {
    /// Opens a folder, and creates it if it is missing.
    pub(crate) fn open(folder: &Path) -> Result<Self, OpenError> {
        let inaccessible = |source| OpenError::of_file(folder, source);
        let locked = Folder::open(folder)?;
        let connection = database::open(&locked)?;
        let artifacts = Artifacts::open(&locked).map_err(inaccessible)?;
        // What a deploy left that was killed before its row was written.
        for digest in artifacts.list().map_err(inaccessible)? {
            let is_named = |digest| Ok(is_named(&connection, digest)?);
            if let Err(error) = artifacts.delete_unnamed(digest, is_named) {
                tracing::warn!(%digest, %error, "cannot delete an unused component");
            }
        }
        Ok(Self {
            writer: StoreWriter::start(connection).map_err(inaccessible)?,
            readers: Arc::new(Readers::new(locked.database())),
            artifacts: Arc::new(artifacts),
            probe: Probe::default(),
            folder: locked,
        })
    }

    /// The folder, as it was given.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Ends once the folder is free for another store.
    pub(crate) fn released(&self) -> impl Future<Output = ()> + use<> {
        self.folder.released()
    }

    /// Where the logs of functions are.
    pub(crate) fn logs(&self) -> std::path::PathBuf {
        self.folder.logs()
    }

    /// Runs a write, and returns once it is on the disk. Its changes are undone if it fails.
    ///
    /// `write` may run twice, if another write of its transaction takes the whole transaction with it. A
    /// caller that stops waiting does not undo the write.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        write: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer.write(write).await
    }

    /// Passes a write on at once, in the order of the calls, and returns what says that it is on the disk.
    ///
    /// An error of the channel means that the store is closed. Besides, it is as [`write`](Self::write).
    pub(crate) fn submit<T: Send + 'static>(
        &self,
        write: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, StoreError>>, StoreError> {
        self.writer.submit(write)
    }

    /// Runs a write while this thread is blocked.
    pub(crate) fn write_blocking<T: Send + 'static>(
        &self,
        write: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer.write_blocking(write)
    }

    /// Runs a read, which sees everything that was acknowledged before.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.readers.read(read).await
    }

    /// Runs a read on this thread, which must not be one of a runtime.
    pub(crate) fn read_blocking<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.readers.read_blocking(read)
    }

    /// How many transactions were committed.
    pub(crate) fn commits(&self) -> u64 {
        self.writer.commits()
    }

    /// The components.
    pub(crate) fn artifacts(&self) -> &Arc<Artifacts> {
        &self.artifacts
    }

    /// Deletes the components that no version has any longer.
    pub(crate) async fn delete_unnamed(&self, digests: Vec<Digest>) {
        let (artifacts, readers) = (self.artifacts.clone(), self.readers.clone());
        let delete = move || {
            for digest in digests {
                let is_named =
                    |digest| readers.read_blocking(|connection| is_named(connection, digest));
                if let Err(error) = artifacts.delete_unnamed(digest, is_named) {
                    tracing::warn!(%digest, %error, "cannot delete an unused component");
                }
            }
        };
        // A file that stays is deleted at the next start.
        let _ = tokio::task::spawn_blocking(delete).await;
    }

    /// Checks that the store can be written, at most once a second.
    pub(crate) async fn check_writable(&self) -> Result<(), Arc<StoreError>> {
        self.probe.check(&self.writer, &self.artifacts).await
    }
}

/// Whether anything needs a file.
fn is_named(connection: &Connection, digest: Digest) -> rusqlite::Result<bool> {
    Ok(functions::is_named(connection, digest)? || components::is_named(connection, digest)?)
}
