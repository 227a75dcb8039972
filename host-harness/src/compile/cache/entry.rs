//! One compiled function: a file that begins with the checksum of the rest, and of its own key; then a
//! byte that says whether instances of the function are reused, or why not, and its code.

use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};
use wasmtime::component::Component;

use super::{eviction, folder};
use crate::compile::NotReusable;
use crate::compile::component_bytes::Compiled;

/// How a file's name ends.
pub(super) const COMPILED: &str = ".cwasm";

/// How it ends until all of it is written.
pub(super) const UNFINISHED: &str = ".new";

/// How exactly a file tells when it was last used: each time would be a write for each start.
const USED: Duration = Duration::from_secs(24 * 60 * 60);

/// Where a compiled function is, or would be.
pub(super) struct Entry {
    file: PathBuf,
    key: [u8; 32],
}

/// Why a function does not come from the cache.
#[derive(Debug, thiserror::Error)]
pub(super) enum Miss {
    #[error("not there")]
    None,
    #[error("cannot be read ({0})")]
    Unreadable(#[from] io::Error),
    #[error("belongs to somebody else, or others may write to it")]
    Foreign,
    #[error("no regular file")]
    NotAFile,
    #[error("damaged")]
    Damaged,
    #[error("does not load ({0:#})")]
    Refused(wasmtime::Error),
}

impl Entry {
    pub(super) fn new(folder: &Path, key: [u8; 32]) -> Self {
        let name: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        let file = folder.join(name + COMPILED);
        Self { file, key }
    }

    /// The component, if it is there as it was written.
    pub(super) fn load(&self, engine: &wasmtime::Engine) -> Result<Compiled, Miss> {
        let mut file = open(&self.file)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(Miss::NotAFile);
        }
        if !folder::is_private(&metadata) {
            return Err(Miss::Foreign);
        }
        // No host keeps more, and more than that is not read.
        if metadata.len() > eviction::MOST {
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

    /// Writes the file; it is whole or not there at any time, whoever else writes it.
    pub(super) fn keep(&self, code: &[u8], reusable: Result<(), NotReusable>) -> io::Result<()> {
        let folder = self.file.parent().unwrap_or(Path::new("."));
        let name = self.file.file_stem().unwrap_or_default();
        let mut new = tempfile::Builder::new();
        new.prefix(name).suffix(UNFINISHED);
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

    /// With the key in it, so that no file is taken for another.
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

/// Opens the file itself, not what a link in its place leads to, and does not wait for whoever would
/// write to a pipe in its place.
#[cfg(unix)]
fn open(file: &Path) -> Result<File, Miss> {
    use std::os::unix::fs::OpenOptionsExt as _;

    use rustix::fs::OFlags;

    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let opened = File::options().read(true).custom_flags(flags).open(file);
    opened.map_err(|error| {
        if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
            Miss::NotAFile
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
        io::ErrorKind::NotFound => Miss::None,
        _ => Miss::Unreadable(error),
    }
}

/// Loads what was checked, from a copy of it: a file that is mapped could change, or be cut short,
/// while its code runs.
#[expect(unsafe_code, reason = "there is no safe way to load compiled code")]
fn load(engine: &wasmtime::Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: these are bytes that `Component::serialize` made, for the checksum is right; and it is
    // a host of this user's that wrote them, for nobody else may write to the file.
    unsafe { Component::deserialize(engine, code) }
}

/// Lets the file be found used by whoever makes room.
fn mark_used(file: &File, metadata: &Metadata) {
    let now = SystemTime::now();
    let age = metadata.modified().map(|then| now.duration_since(then));
    if age.is_ok_and(|age| age.is_ok_and(|age| age > USED)) {
        // Who may not, such as in a file system that is read-only, cannot remove it either.
        let _ = file.set_modified(now);
    }
}
