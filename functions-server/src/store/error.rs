use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// A data folder cannot be opened. The text names the folder as it was given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder or a file in it cannot be created, read or written.
    #[error("the data folder {folder} cannot be used; give a folder that this user may write to", folder = .folder.display())]
    Inaccessible {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The disk is full.
    #[error("the disk of the data folder {folder} is full: free some space", folder = .folder.display())]
    Full {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder has components, but no database that says what they are.
    #[error("the data folder {folder} has components, but its database functions.db is missing or empty: restore functions.db from a backup, or move the folder away to start anew", folder = .folder.display())]
    NoDatabase {
        /// The folder.
        folder: PathBuf,
    },
    /// The path is not a folder.
    #[error("the data folder {folder} is not a folder: give another path", folder = .folder.display())]
    NotAFolder {
        /// The path.
        folder: PathBuf,
    },
    /// Another process uses the folder.
    #[error("the data folder {folder} is in use by another process: stop that process, or give another folder", folder = .folder.display())]
    Locked {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder has files that no store wrote.
    #[error("the data folder {folder} contains {found:?}, which is not part of a store: give a new or an empty folder", folder = .folder.display())]
    Foreign {
        /// The folder.
        folder: PathBuf,
        /// A file in it.
        found: String,
    },
    /// A newer release wrote the database.
    #[error("the data folder {folder} has a database of version {found}, and this release supports versions up to {supported}: run the release that wrote it or a newer one", folder = .folder.display())]
    Newer {
        /// The folder.
        folder: PathBuf,
        /// The version of the database.
        found: i64,
        /// The newest version that this release supports.
        supported: i64,
    },
    /// The database is damaged.
    #[error("the database of the data folder {folder} is damaged ({reason}): restore the folder from a backup", folder = .folder.display())]
    Damaged {
        /// The folder.
        folder: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// The database cannot be opened for another reason.
    #[error("the database of the data folder {folder} cannot be opened", folder = .folder.display())]
    Database {
        /// The folder.
        folder: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
}

impl OpenError {
    /// A file of the folder could not be created, read or written.
    pub(super) fn of_file(folder: &Path, source: io::Error) -> Self {
        let folder = folder.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { folder },
            _ => Self::Inaccessible { folder, source },
        }
    }
}

/// The store could not do what was asked. Nothing has changed, unless the commit itself failed: then the
/// change is there or not, but never in part.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum StoreError {
    /// The disk is full.
    #[error("the disk of the data folder is full: free some space")]
    Full,
    /// The database failed.
    #[error("the database failed")]
    Database(#[source] rusqlite::Error),
    /// A file of the data folder failed.
    #[error("a file of the data folder failed")]
    File(#[source] io::Error),
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            _ => Self::Database(error),
        }
    }
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        match error.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => Self::Full,
            _ => Self::File(error),
        }
    }
}
