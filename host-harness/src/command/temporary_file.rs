//! Files in `/tmp`, and the space that they take.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::error::FileError;
use crate::message::held_bodies::HeldBodies;

/// The most bytes that all files and folders of an invocation take. Each takes whole pages and its path, as on a disk.
pub(super) const MAX_SPACE: usize = 64 << 20;

/// The unit in which files take space.
pub(super) const PAGE: usize = 4096;

type Page = Box<[u8; PAGE]>;

/// What is taken of the invocation's space and of the host's.
#[derive(Debug)]
pub(super) struct Space {
    taken: AtomicUsize,
    host: Arc<HeldBodies>,
}

impl Space {
    /// `host` is what all invocations together may take.
    pub(super) fn new(host: Arc<HeldBodies>) -> Self {
        Self {
            taken: AtomicUsize::new(0),
            host,
        }
    }

    #[cfg(test)]
    pub(super) fn is_unused(&self) -> bool {
        self.taken.load(Ordering::Relaxed) == 0
    }

    pub(super) fn take(&self, bytes: usize) -> Result<(), FileError> {
        let more = |taken: usize| Some(taken + bytes).filter(|taken| *taken <= MAX_SPACE);
        let taken = self
            .taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        taken.map_err(|_taken| FileError::Full)?;
        self.host.take(bytes).map_err(|_full| {
            self.taken.fetch_sub(bytes, Ordering::Relaxed);
            FileError::Full
        })
    }

    pub(super) fn give_back(&self, bytes: usize) {
        self.taken.fetch_sub(bytes, Ordering::Relaxed);
        self.host.give_back(bytes);
    }
}

/// A file, which may be longer than what was written of it.
#[derive(Debug)]
pub(crate) struct TemporaryFile {
    id: u64,
    content: Mutex<Content>,
    space: Arc<Space>,
}

#[derive(Debug)]
struct Content {
    length: u64,
    /// By number. What is missing is zero.
    pages: BTreeMap<u64, Page>,
    modified: SystemTime,
}

impl Default for Content {
    fn default() -> Self {
        Self {
            length: 0,
            pages: BTreeMap::new(),
            modified: SystemTime::now(),
        }
    }
}

impl TemporaryFile {
    pub(super) fn new(id: u64, space: Arc<Space>) -> Self {
        Self {
            id,
            content: Mutex::default(),
            space,
        }
    }

    /// A number that other files of the invocation do not have.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// The length in bytes.
    pub(crate) fn len(&self) -> u64 {
        self.lock().length
    }

    pub(crate) fn modified(&self) -> SystemTime {
        self.lock().modified
    }

    /// Reads up to `length` bytes; fewer at the end.
    pub(crate) fn read(&self, at: u64, length: usize) -> Vec<u8> {
        let content = self.lock();
        let left = content.length.saturating_sub(at);
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(length);
        let mut bytes = vec![0; length];
        let mut read = 0;
        while read < length {
            let (page, offset) = place(at + read as u64);
            let part = (PAGE - offset).min(length - read);
            let from = content.pages.get(&page);
            let from = from.and_then(|page| page.get(offset..offset + part));
            let to = bytes.get_mut(read..read + part);
            if let (Some(from), Some(to)) = (from, to) {
                to.copy_from_slice(from);
            }
            read += part;
        }
        bytes
    }

    /// Writes all bytes, at `at` or at the end. What was written before an error stays.
    pub(crate) fn write(&self, at: Option<u64>, bytes: &[u8]) -> Result<(), FileError> {
        let mut content = self.lock();
        content.modified = SystemTime::now();
        let mut at = at.unwrap_or(content.length);
        let end = at.checked_add(bytes.len() as u64);
        if end.is_none_or(|end| end > MAX_SPACE as u64) {
            return Err(FileError::Full);
        }
        let mut bytes = bytes;
        while !bytes.is_empty() {
            let (number, offset) = place(at);
            let (part, rest) = bytes.split_at((PAGE - offset).min(bytes.len()));
            let page = match content.pages.entry(number) {
                Entry::Occupied(page) => page.into_mut(),
                Entry::Vacant(missing) => {
                    self.space.take(PAGE)?;
                    missing.insert(Box::new([0; PAGE]))
                }
            };
            if let Some(to) = page.get_mut(offset..offset + part.len()) {
                to.copy_from_slice(part);
            }
            at += part.len() as u64;
            content.length = content.length.max(at);
            bytes = rest;
        }
        Ok(())
    }

    /// Cuts the file, or makes it longer by zeros.
    pub(crate) fn set_length(&self, length: u64) -> Result<(), FileError> {
        if length > MAX_SPACE as u64 {
            return Err(FileError::Full);
        }
        let mut content = self.lock();
        content.modified = SystemTime::now();
        let (last, offset) = place(length);
        let mut cut = content.pages.split_off(&last);
        if offset > 0
            && let Some(mut page) = cut.remove(&last)
        {
            page.iter_mut().skip(offset).for_each(|byte| *byte = 0);
            content.pages.insert(last, page);
        }
        self.space.give_back(cut.len() * PAGE);
        content.length = length;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        let content = self.content.get_mut();
        let content = content.unwrap_or_else(PoisonError::into_inner);
        self.space.give_back(content.pages.len() * PAGE);
    }
}

/// The page of a byte, and its place in there.
fn place(at: u64) -> (u64, usize) {
    let offset = usize::try_from(at % PAGE as u64).unwrap_or_default();
    (at / PAGE as u64, offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file has what was written to it, and zeros in between.
    #[test]
    fn files_keep_what_was_written() {
        let space = Arc::new(Space::new(HeldBodies::new(MAX_SPACE)));
        let file = TemporaryFile::new(0, space);
        let mut expected = vec![0_u8; 20_000];
        for (at, length) in [(0, 10), (4090, 20), (9000, 8000), (19_990, 10)] {
            let bytes: Vec<u8> = (0..length).map(|n| n as u8 | 1).collect();
            file.write(Some(at as u64), &bytes).unwrap();
            expected[at..at + length].copy_from_slice(&bytes);
        }
        assert_eq!(file.read(0, 1 << 20), expected);
        assert_eq!(file.read(4000, 200), expected[4000..4200]);
        file.set_length(9010).unwrap();
        file.set_length(9100).unwrap();
        expected.truncate(9010);
        expected.resize(9100, 0);
        assert_eq!(file.read(0, 1 << 20), expected);
        file.write(None, b"end").unwrap();
        assert_eq!(file.read(9100, 100), b"end");
        assert!(file.read(u64::MAX, 10).is_empty());
    }
}
