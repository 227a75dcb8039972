//! The data folder, locked by the process that uses it.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use tokio::sync::watch;

use super::OpenError;

/// Its lock excludes other processes. The kernel releases it with the process.
const LOCK: &str = "lock";
const DATABASE: &str = "functions.db";
const ARTIFACTS: &str = "artifacts";
const UPLOADS: &str = "uploads";
const LOGS: &str = "logs";

/// What a store writes into its folder, besides what SQLite adds to the database's name.
const OWN: [&str; 6] = [LOCK, DATABASE, ARTIFACTS, UPLOADS, LOGS, "cache"];

/// A locked data folder.
#[derive(Debug)]
pub(super) struct Folder {
    given: PathBuf,
    lock: File,
    /// Closed after the lock is released.
    released: watch::Sender<()>,
}

impl Folder {
    /// Creates the folder if it is missing, and locks it.
    pub(super) fn open(folder: &Path) -> Result<Self, OpenError> {
        let inaccessible = |source| OpenError::of_file(folder, source);
        create(folder).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => OpenError::NotAFolder {
                folder: folder.to_owned(),
            },
            _ => inaccessible(error),
        })?;
        refuse_foreign(folder)?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join(LOCK))
            .map_err(inaccessible)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::Locked {
                    folder: folder.to_owned(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(inaccessible(error)),
        }
        for part in [ARTIFACTS, UPLOADS, LOGS] {
            create(&folder.join(part)).map_err(inaccessible)?;
        }
        let opened = Self {
            given: folder.to_owned(),
            lock,
            released: watch::Sender::new(()),
        };
        // A restore would have to replace an empty one.
        if opened.has_components() && !opened.database().exists() {
            return Err(OpenError::NoDatabase {
                folder: folder.to_owned(),
            });
        }
        create_database(&opened.database()).map_err(inaccessible)?;
        sync(folder).map_err(inaccessible)?;
        Ok(opened)
    }

    /// Ends once this folder is unlocked.
    pub(super) fn released(&self) -> impl Future<Output = ()> + use<> {
        let mut released = self.released.subscribe();
        async move {
            // Nothing is ever sent.
            let _ = released.changed().await;
        }
    }

    /// The folder, as it was given.
    pub(super) fn path(&self) -> &Path {
        &self.given
    }

    pub(super) fn database(&self) -> PathBuf {
        self.given.join(DATABASE)
    }

    pub(super) fn artifacts(&self) -> PathBuf {
        self.given.join(ARTIFACTS)
    }

    /// Whether there is a component, used or not.
    pub(super) fn has_components(&self) -> bool {
        let components = fs::read_dir(self.artifacts());
        components.is_ok_and(|mut components| components.next().is_some())
    }

    pub(super) fn logs(&self) -> PathBuf {
        self.given.join(LOGS)
    }

    pub(super) fn uploads(&self) -> PathBuf {
        self.given.join(UPLOADS)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Closing the file is not enough: a child process that is being started has it open for a moment.
        if let Err(error) = self.lock.unlock() {
            tracing::warn!(folder = %self.given.display(), %error, "the lock is left to the kernel");
        }
    }
}

/// Creates a folder that only this user can read, unless it exists.
fn create(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync(parent),
        _ => sync(Path::new(".")),
    }
}

/// Creates an empty database that only this user can read, unless it exists. SQLite gives its other files
/// the same mode.
fn create_database(database: &Path) -> io::Result<()> {
    let mut options = File::options();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(database) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Makes the names in a folder durable.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Refuses a folder with other files, so that a wrong path never mixes with a store.
fn refuse_foreign(folder: &Path) -> Result<(), OpenError> {
    let inaccessible = |source| OpenError::of_file(folder, source);
    if folder.join(LOCK).exists() {
        return Ok(());
    }
    for entry in fs::read_dir(folder).map_err(inaccessible)? {
        let found = entry.map_err(inaccessible)?.file_name();
        let found = found.to_string_lossy();
        // A new file system has this folder.
        let is_own = OWN.contains(&&*found) || found.starts_with(DATABASE) || found == "lost+found";
        if !is_own {
            return Err(OpenError::Foreign {
                folder: folder.to_owned(),
                found: found.into_owned(),
            });
        }
    }
    Ok(())
}
