//! One compiled function in one file.
//!
//! The file starts with a checksum of its key and of the rest. A byte follows that says whether
//! instances are reusable, or why not; then the code.

use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};
use wasmtime::component::Component;

use super::folder;
use crate::compile::NotReusable;
use crate::compile::component_bytes::Compiled;

/// The extension of complete files.
pub(super) const EXTENSION: &str = ".cwasm";

/// The extension of files while they are being written.
pub(super) const TEMPORARY_EXTENSION: &str = ".new";

/// The longest file that is read, in bytes. No component has that much code.
const MAX_LENGTH: u64 = 1 << 30;

/// The precision of a file's last use. Recording every use would cost a write per start.
const MARK_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);

/// The file of a compiled function, which may not exist yet.
pub(super) struct Entry {
    file: PathBuf,
    key: [u8; 32],
}

/// Why a function cannot be loaded from the cache.
#[derive(Debug, thiserror::Error)]
pub(super) enum Miss {
    #[error("not found")]
    Absent,
    #[error("unreadable ({0})")]
    Unreadable(#[from] io::Error),
    #[error("owned by another user, or writable by others")]
    Foreign,
    #[error("not a regular file")]
    NotRegular,
    #[error("damaged")]
    Damaged,
    #[error("refused by wasmtime ({0:#})")]
    Refused(wasmtime::Error),
}

/// The name of a complete file.
pub(super) fn file_name(key: [u8; 32]) -> String {
    let name: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    name + EXTENSION
}

impl Entry {
    pub(super) fn new(folder: &Path, key: [u8; 32]) -> Self {
        Self::named(folder, key, key)
    }

    /// The same code under another name.
    pub(super) fn named(folder: &Path, name: [u8; 32], key: [u8; 32]) -> Self {
        let file = folder.join(file_name(name));
        Self { file, key }
    }

    /// Loads the component, if the file is intact.
    pub(super) fn load(&self, engine: &wasmtime::Engine) -> Result<Compiled, Miss> {
        let mut file = open(&self.file)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(Miss::NotRegular);
        }
        if !folder::is_private(&metadata) {
            return Err(Miss::Foreign);
        }
        if metadata.len() > MAX_LENGTH {
            return Err(Miss::Damaged);
        }
        let mut contents = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
        file.read_to_end(&mut contents)?;
        let (checksum, rest) = contents.split_first_chunk().ok_or(Miss::Damaged)?;
        let (reusable, code) = rest.split_first().ok_or(Miss::Damaged)?;
        if *checksum != self.checksum(*reusable, code) {
            return Err(Miss::Damaged);
        }
        let reusable = NotReusable::from_byte(*reusable).ok_or(Miss::Damaged)?;
        let component = load(engine, code).map_err(Miss::Refused)?;
        mark_used(&file, &metadata);
        Ok(Compiled {
            component,
            reusable,
        })
    }

    /// Writes the file atomically: readers and other writers see a whole file or none.
    pub(super) fn store(&self, code: &[u8], reusable: Result<(), NotReusable>) -> io::Result<()> {
        let folder = self.file.parent().unwrap_or(Path::new("."));
        let name = self.file.file_stem().unwrap_or_default();
        let mut new = tempfile::Builder::new();
        new.prefix(name).suffix(TEMPORARY_EXTENSION);
        let mut new = new.tempfile_in(folder)?;
        let reusable = NotReusable::to_byte(reusable);
        new.write_all(&self.checksum(reusable, code))?;
        new.write_all(&[reusable])?;
        new.write_all(code)?;
        let mut permissions = new.as_file().metadata()?.permissions();
        permissions.set_readonly(true);
        new.as_file().set_permissions(permissions)?;
        new.persist(&self.file).map_err(|error| error.error)?;
        Ok(())
    }

    /// Gives the file the name of `other` too, which has the same key. One name may be removed without the other.
    pub(super) fn link(&self, other: &Self) {
        // A damaged file may have the name.
        let _ = std::fs::remove_file(&other.file);
        if let Err(error) = std::fs::hard_link(&self.file, &other.file) {
            tracing::debug!("{self} cannot be linked as {other}: {error}");
        }
    }

    /// Includes the key, so that no file passes for another.
    fn checksum(&self, reusable: u8, code: &[u8]) -> [u8; 32] {
        let checksum = Sha256::new_with_prefix(self.key);
        let checksum = checksum.chain_update([reusable]).chain_update(code);
        checksum.finalize().into()
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.file.display().fmt(f)
    }
}

/// Opens the file without following a symbolic link and without waiting for the writer of a named
/// pipe.
#[cfg(unix)]
fn open(file: &Path) -> Result<File, Miss> {
    use std::os::unix::fs::OpenOptionsExt as _;

    use rustix::fs::OFlags;

    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let opened = File::options().read(true).custom_flags(flags).open(file);
    opened.map_err(|error| {
        if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
            Miss::NotRegular
        } else {
            not_opened(error)
        }
    })
}

#[cfg(not(unix))]
fn open(file: &Path) -> Result<File, Miss> {
    File::open(file).map_err(not_opened)
}

fn not_opened(error: io::Error) -> Miss {
    match error.kind() {
        io::ErrorKind::NotFound => Miss::Absent,
        _ => Miss::Unreadable(error),
    }
}

/// Loads checked code from a copy in memory. A mapped file could change, or be truncated, while its
/// code runs.
#[expect(unsafe_code, reason = "there is no safe way to load compiled code")]
fn load(engine: &wasmtime::Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: the checksum matches, so `Component::serialize` made these bytes. Nobody but this
    // user may write to the file, so one of this user's hosts wrote them.
    unsafe { Component::deserialize(engine, code) }
}

/// Records the use of the file, for eviction.
fn mark_used(file: &File, metadata: &Metadata) {
    let now = SystemTime::now();
    let age = metadata.modified().map(|then| now.duration_since(then));
    if age.is_ok_and(|age| age.is_ok_and(|age| age > MARK_INTERVAL)) {
        // Fails on a read-only file system, for example: there the file cannot be evicted either.
        let _ = file.set_modified(now);
    }
}
