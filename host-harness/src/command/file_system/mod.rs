//! What a command sees as its files: those of its bundle in `/`, and its own in `/tmp`.

use std::sync::Arc;

use super::error::FileError;
use super::path;
use super::read_only::{ReadOnlyFile, ReadOnlyFiles};
use super::temporary::{Temporary, TemporaryEntry};
use super::temporary_file::TemporaryFile;
use crate::message::held_bodies::HeldBodies;

/// The folder that can be written to.
pub(crate) const TMP: &str = "tmp";

/// What is at a path.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    Folder(Arc<str>),
    ReadOnly(ReadOnlyFile),
    Temporary(Arc<TemporaryFile>),
}

/// How a file is opened.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OpenOptions {
    pub(crate) write: bool,
    pub(crate) create: bool,
    pub(crate) exclusive: bool,
    pub(crate) truncate: bool,
    pub(crate) folder: bool,
}

/// The files of one invocation.
#[derive(Debug)]
pub(crate) struct FileSystem {
    read_only: Arc<ReadOnlyFiles>,
    temporary: Temporary,
}

impl FileSystem {
    /// `host` is what all invocations together may take.
    pub(super) fn new(read_only: Arc<ReadOnlyFiles>, host: Arc<HeldBodies>) -> Self {
        Self {
            read_only,
            temporary: Temporary::new(host),
        }
    }

    /// What is at a path that is relative to a folder.
    pub(crate) fn get(&self, folder: &str, path: &str) -> Result<Node, FileError> {
        let at = path::resolve(folder, path)?;
        let node = self.node(&at)?;
        match node {
            Node::Folder(_) => Ok(node),
            _ if path.ends_with('/') => Err(FileError::NotAFolder),
            _ => Ok(node),
        }
    }

    fn node(&self, at: &str) -> Result<Node, FileError> {
        self.look_up(at).ok_or_else(|| self.why_missing(at))
    }

    fn look_up(&self, at: &str) -> Option<Node> {
        match in_tmp(at) {
            Some(inner) => self.temporary.get(inner).map(|entry| match entry {
                TemporaryEntry::Folder => Node::Folder(at.into()),
                TemporaryEntry::File(file) => Node::Temporary(file),
            }),
            None => self.read_only.get(at).map(|file| match file {
                None => Node::Folder(at.into()),
                Some(file) => Node::ReadOnly(file.clone()),
            }),
        }
    }

    /// What is below a file is not there for another reason. Not by recursion: paths are deep if a command wants.
    fn why_missing(&self, at: &str) -> FileError {
        let mut parents = std::iter::successors(path::parent(at), |at| path::parent(at));
        match parents.find_map(|at| self.look_up(at)) {
            Some(Node::ReadOnly(_) | Node::Temporary(_)) => FileError::NotAFolder,
            Some(Node::Folder(_)) | None => FileError::Missing,
        }
    }

    /// Opens what is at a path, or creates a file there.
    pub(crate) fn open(
        &self,
        folder: &str,
        path: &str,
        options: OpenOptions,
    ) -> Result<Node, FileError> {
        let node = match self.get(folder, path) {
            Err(FileError::Missing) if options.create && !options.folder => {
                let at = path::resolve(folder, path)?;
                let at = in_tmp(&at).ok_or(FileError::ReadOnly)?;
                if path.ends_with('/') {
                    return Err(FileError::IsAFolder);
                }
                return Ok(Node::Temporary(self.temporary.create_file(at)?));
            }
            found => found?,
        };
        if options.create && options.exclusive {
            return Err(FileError::Exists);
        }
        let changes = options.write || options.truncate;
        match &node {
            Node::Folder(_) if changes => Err(FileError::IsAFolder),
            Node::ReadOnly(_) | Node::Temporary(_) if options.folder => Err(FileError::NotAFolder),
            Node::ReadOnly(_) if changes => Err(FileError::ReadOnly),
            Node::Temporary(file) if options.truncate => {
                file.set_length(0)?;
                Ok(node)
            }
            _ => Ok(node),
        }
    }

    /// The name in a folder that comes after another, and whether it is a folder. `None` begins the list.
    pub(crate) fn next(
        &self,
        folder: &str,
        after: Option<&str>,
    ) -> Result<Option<(String, bool)>, FileError> {
        // It may be gone by now.
        self.node(folder)?;
        if let Some(inner) = in_tmp(folder) {
            return Ok(self.temporary.next(inner, after.unwrap_or_default()));
        }
        if !folder.is_empty() {
            return Ok(self.read_only.next(folder, after.unwrap_or_default()));
        }
        let tmp = (TMP.to_owned(), true);
        let after = match after {
            None => return Ok(Some(tmp)),
            Some(TMP) => "",
            Some(after) => after,
        };
        match self.read_only.next(folder, after) {
            Some((name, _)) if name == TMP => Ok(self.read_only.next(folder, TMP)),
            next => Ok(next),
        }
    }

    pub(crate) fn create_folder(&self, folder: &str, path: &str) -> Result<(), FileError> {
        self.change(folder, path, |at| self.temporary.create_folder(at))
    }

    pub(crate) fn remove_folder(&self, folder: &str, path: &str) -> Result<(), FileError> {
        self.change(folder, path, |at| self.temporary.remove_folder(at))
    }

    pub(crate) fn remove_file(&self, folder: &str, path: &str) -> Result<(), FileError> {
        self.change(folder, path, |at| self.temporary.remove_file(at))
    }

    pub(crate) fn rename(
        &self,
        (folder, path): (&str, &str),
        (to_folder, to): (&str, &str),
    ) -> Result<(), FileError> {
        let to = path::resolve(to_folder, to)?;
        self.change(folder, path, |from| {
            let to = in_tmp(&to).ok_or(FileError::ReadOnly)?;
            self.temporary.rename(from, to)
        })
    }

    /// Changes what is at a path in `/tmp`.
    fn change(
        &self,
        folder: &str,
        path: &str,
        change: impl FnOnce(&str) -> Result<(), FileError>,
    ) -> Result<(), FileError> {
        let at = path::resolve(folder, path)?;
        match in_tmp(&at) {
            Some(inner) => change(inner),
            // As any system tells it, what exists comes first.
            None => match self.node(&at) {
                Ok(Node::Folder(_)) if at.is_empty() => Err(FileError::Busy),
                _ => Err(FileError::ReadOnly),
            },
        }
    }

    /// Writes a file in `/tmp`, for the host itself.
    pub(crate) fn write(&self, path: &str, bytes: &[u8]) -> Result<(), FileError> {
        let options = OpenOptions {
            write: true,
            create: true,
            truncate: true,
            ..OpenOptions::default()
        };
        match self.open("", path.trim_start_matches('/'), options)? {
            Node::Temporary(file) => file.write(None, bytes),
            Node::Folder(_) | Node::ReadOnly(_) => Err(FileError::ReadOnly),
        }
    }

    /// Reads a file in `/tmp`, for the host itself; `None` if there is none.
    pub(crate) fn temporary_file(&self, path: &str) -> Option<Arc<TemporaryFile>> {
        match self.get("", path.trim_start_matches('/')) {
            Ok(Node::Temporary(file)) => Some(file),
            _ => None,
        }
    }
}

/// The path within `/tmp`; `None` for what is not there.
fn in_tmp(at: &str) -> Option<&str> {
    let inner = at.strip_prefix(TMP)?;
    match inner {
        "" => Some(""),
        inner => inner.strip_prefix('/'),
    }
}

#[cfg(test)]
mod tests;
