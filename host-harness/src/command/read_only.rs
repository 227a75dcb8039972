//! The files that a command was deployed with. All its invocations share them.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::path::{self, MAX_FILES};
use crate::compile::appendix::Whole;

/// The most bytes that one read takes.
const MAX_READ: usize = 64 * 1024;

/// A part of the file that the command was loaded from.
#[derive(Clone, Debug)]
pub(crate) struct ReadOnlyFile {
    whole: Whole,
    start: u64,
    length: u64,
}

impl ReadOnlyFile {
    pub(super) fn new(whole: Whole, start: u64, length: u64) -> Self {
        Self {
            whole,
            start,
            length,
        }
    }

    /// The length in bytes.
    pub(crate) fn len(&self) -> u64 {
        self.length
    }

    /// A number that other files do not have.
    pub(crate) fn id(&self) -> u64 {
        self.start
    }

    /// How many bytes a read of `length` from `at` on gives.
    fn part(&self, at: u64, length: usize) -> (u64, usize) {
        let at = at.min(self.length);
        let left = usize::try_from(self.length - at).unwrap_or(usize::MAX);
        (self.start + at, left.min(length).min(MAX_READ))
    }

    /// Reads without waiting, if the file is in memory. Nothing is left where the bytes are empty.
    pub(crate) fn in_memory(&self, at: u64, length: usize) -> Option<Bytes> {
        let (start, length) = self.part(at, length);
        self.whole.in_memory(start, length)
    }

    /// Reads, on a thread that may block.
    pub(crate) async fn read(&self, at: u64, length: usize) -> std::io::Result<Bytes> {
        if let Some(bytes) = self.in_memory(at, length) {
            return Ok(bytes);
        }
        let (start, length) = self.part(at, length);
        if length == 0 {
            return Ok(Bytes::new());
        }
        let whole = self.whole.clone();
        let reading = tokio::task::spawn_blocking(move || whole.read(start, length));
        reading.await.map_err(std::io::Error::other)?
    }
}

/// Files and folders by path.
#[derive(Debug, Default)]
pub(crate) struct ReadOnlyFiles {
    /// `None` is a folder.
    entries: BTreeMap<Box<str>, Option<ReadOnlyFile>>,
}

impl ReadOnlyFiles {
    /// Adds a file and the folders that it is in; fails if one of them is a file, or it is a folder.
    pub(super) fn add(&mut self, at: &str, file: Option<ReadOnlyFile>) -> Result<(), ()> {
        let mut folder = path::parent(at);
        while let Some(at) = folder.filter(|at| !at.is_empty()) {
            match self.entries.get(at) {
                Some(Some(_)) => return Err(()),
                // Those above it are there too.
                Some(None) => break,
                // Folders take as much as files do: a deep path is one of many.
                None if self.entries.len() > 2 * MAX_FILES => return Err(()),
                None => self.entries.insert(at.into(), None),
            };
            folder = path::parent(at);
        }
        let is_folder = file.is_none();
        match self.entries.insert(at.into(), file) {
            Some(before) if before.is_none() != is_folder => Err(()),
            _ => Ok(()),
        }
    }

    /// What is at a path: `Some(None)` is a folder.
    pub(super) fn get(&self, at: &str) -> Option<Option<&ReadOnlyFile>> {
        match at {
            "" => Some(None),
            at => self.entries.get(at).map(Option::as_ref),
        }
    }

    /// The name in a folder that comes after another, and whether it is a folder.
    pub(super) fn next(&self, folder: &str, after: &str) -> Option<(String, bool)> {
        let (name, file) = path::next_in(&self.entries, folder, after)?;
        Some((name.to_owned(), file.is_none()))
    }
}
