//! Connections for reading, used on blocking threads only.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::{StoreError, database};

/// How many reads run at once. Further reads wait.
const MAX_READERS: usize = 4;

#[derive(Debug)]
pub(super) struct Readers {
    database: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
}

impl Readers {
    pub(super) fn new(database: PathBuf) -> Self {
        Self {
            database,
            idle: Mutex::default(),
            permits: Semaphore::new(MAX_READERS),
        }
    }

    /// Runs a read. It sees everything that was acknowledged before.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let _permit = self
            .permits
            .acquire()
            .await
            .map_err(|_| StoreError::Closed)?;
        let readers = self.clone();
        let run = move || readers.read_blocking(read);
        tokio::task::spawn_blocking(run)
            .await
            .map_err(|_| StoreError::Closed)?
    }

    /// Runs a read on this thread.
    pub(super) fn read_blocking<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let idle = self.lock().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => database::open_reader(&self.database)?,
        };
        let result = read(&connection);
        self.lock().push(connection);
        Ok(result?)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
