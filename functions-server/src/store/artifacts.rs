//! Components as files, named by their SHA-256.
//!
//! A file is complete and durable before a row names it. A file that no row names is deleted: when the
//! last version that needs it goes, or at the next start.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use super::folder::{self, Folder};
use super::{Digest, StoreError};

#[derive(Debug)]
pub(crate) struct Artifacts {
    folder: PathBuf,
    uploads: PathBuf,
    /// Files that a deploy needs, which no row may name yet.
    pins: Mutex<HashMap<Digest, usize>>,
}

impl Artifacts {
    /// Deletes what uploads left that did not complete.
    pub(super) fn open(folder: &Folder) -> io::Result<Self> {
        let uploads = folder.uploads();
        for entry in fs::read_dir(&uploads)? {
            fs::remove_file(entry?.path())?;
        }
        let artifacts = Self {
            folder: folder.artifacts(),
            uploads,
            pins: Mutex::default(),
        };
        artifacts.check_writable()?;
        Ok(artifacts)
    }

    /// Checks that components can be stored.
    pub(super) fn check_writable(&self) -> io::Result<()> {
        // What a process leaves that is killed here is deleted at the next start.
        for folder in [&self.uploads, &self.folder] {
            NamedTempFile::new_in(folder)?;
        }
        Ok(())
    }

    /// Where a component is.
    pub(crate) fn path(&self, digest: Digest) -> PathBuf {
        self.folder.join(digest.to_string())
    }

    /// Where no component ever is.
    pub(crate) fn nothing(&self) -> PathBuf {
        self.folder.join("nothing")
    }

    /// Starts an upload. It is deleted unless it is kept.
    pub(crate) fn upload(&self) -> Result<ArtifactUpload, StoreError> {
        Ok(ArtifactUpload {
            file: NamedTempFile::new_in(&self.uploads)?,
            hash: Sha256::new(),
            length: 0,
        })
    }

    /// Makes an upload durable under its digest.
    pub(crate) fn keep(self: &Arc<Self>, uploaded: Uploaded) -> Result<Pin, StoreError> {
        let Uploaded { file, digest, .. } = uploaded;
        let pin = self.pin(digest);
        file.as_file().sync_all()?;
        file.persist(self.path(digest))
            .map_err(|error| error.error)?;
        folder::sync(&self.folder)?;
        Ok(pin)
    }

    /// Keeps a file from being deleted.
    pub(crate) fn pin(self: &Arc<Self>, digest: Digest) -> Pin {
        *self.pins().entry(digest).or_default() += 1;
        Pin {
            artifacts: self.clone(),
            digest,
        }
    }

    /// Whether the file is there and has the bytes that its name stands for.
    pub(crate) fn is_intact(&self, digest: Digest) -> bool {
        hash(&self.path(digest)).is_ok_and(|found| found == digest)
    }

    /// Deletes a file unless a row names it, which `is_named` looks up, or a deploy needs it.
    pub(super) fn delete_unnamed(
        &self,
        digest: Digest,
        is_named: impl FnOnce(Digest) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        // While this is locked, no deploy can begin to need the file.
        let pins = self.pins();
        if pins.contains_key(&digest) || is_named(digest)? {
            return Ok(());
        }
        match fs::remove_file(self.path(digest)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// The digests of all files.
    pub(super) fn list(&self) -> io::Result<Vec<Digest>> {
        let mut digests = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            digests.extend(entry?.file_name().to_str().and_then(Digest::parse));
        }
        Ok(digests)
    }

    fn pins(&self) -> MutexGuard<'_, HashMap<Digest, usize>> {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(file: &Path) -> io::Result<Digest> {
    let mut file = File::open(file)?;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; 64 << 10];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(Digest(hash.finalize().into())),
            read => hash.update(chunk.get(..read).unwrap_or_default()),
        }
    }
}

/// A component that is being written to a temporary file.
#[derive(Debug)]
pub(crate) struct ArtifactUpload {
    file: NamedTempFile,
    hash: Sha256,
    length: u64,
}

impl ArtifactUpload {
    pub(crate) fn write(&mut self, piece: &[u8]) -> Result<(), StoreError> {
        self.file.write_all(piece)?;
        self.hash.update(piece);
        self.length += u64::try_from(piece.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    pub(crate) fn finish(self) -> Uploaded {
        Uploaded {
            digest: Digest(self.hash.finalize().into()),
            length: self.length,
            file: self.file,
        }
    }
}

/// A component that has arrived, in a temporary file.
#[derive(Debug)]
pub(crate) struct Uploaded {
    file: NamedTempFile,
    pub(crate) digest: Digest,
    pub(crate) length: u64,
}

impl Uploaded {
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }
}

/// Keeps a file from being deleted until a row names it.
#[derive(Debug)]
pub(crate) struct Pin {
    artifacts: Arc<Artifacts>,
    digest: Digest,
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut pins = self.artifacts.pins();
        if let Some(count) = pins.get_mut(&self.digest) {
            *count -= 1;
            if *count == 0 {
                pins.remove(&self.digest);
            }
        }
    }
}
