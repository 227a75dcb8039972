//! `/tmp`: a folder of one invocation, in memory and bounded.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::FileError;
use super::path;
use super::temporary_file::{Space, TemporaryFile};
use crate::message::held_bodies::HeldBodies;

/// What a file or folder takes besides.
const ENTRY: usize = 256;

/// What is in the folder, by path.
#[derive(Debug)]
pub(crate) struct Temporary {
    entries: Mutex<BTreeMap<String, TemporaryEntry>>,
    space: Arc<Space>,
    /// The number of the next file.
    next: AtomicU64,
}

#[derive(Debug, Clone)]
pub(super) enum TemporaryEntry {
    Folder,
    File(Arc<TemporaryFile>),
}

impl Temporary {
    /// An empty folder. `host` is what all invocations together may take.
    pub(super) fn new(host: Arc<HeldBodies>) -> Self {
        Self {
            entries: Mutex::default(),
            space: Arc::new(Space::new(host)),
            next: AtomicU64::new(0),
        }
    }

    pub(super) fn get(&self, at: &str) -> Option<TemporaryEntry> {
        match at {
            "" => Some(TemporaryEntry::Folder),
            at => self.lock().get(at).cloned(),
        }
    }

    /// The name in a folder that comes after another, and whether it is a folder.
    pub(super) fn next(&self, folder: &str, after: &str) -> Option<(String, bool)> {
        let entries = self.lock();
        let (name, entry) = path::next_in(&entries, folder, after)?;
        Some((name.to_owned(), matches!(entry, TemporaryEntry::Folder)))
    }

    pub(super) fn create_folder(&self, at: &str) -> Result<(), FileError> {
        self.add(at, TemporaryEntry::Folder)
    }

    /// Creates an empty file where there is nothing.
    pub(super) fn create_file(&self, at: &str) -> Result<Arc<TemporaryFile>, FileError> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let file = Arc::new(TemporaryFile::new(id, Arc::clone(&self.space)));
        self.add(at, TemporaryEntry::File(Arc::clone(&file)))?;
        Ok(file)
    }

    fn add(&self, at: &str, entry: TemporaryEntry) -> Result<(), FileError> {
        let mut entries = self.lock();
        if at.is_empty() || entries.contains_key(at) {
            return Err(FileError::Exists);
        }
        check_parent(&entries, at)?;
        self.space.take(ENTRY + at.len())?;
        entries.insert(at.to_owned(), entry);
        Ok(())
    }

    pub(super) fn remove_folder(&self, at: &str) -> Result<(), FileError> {
        let mut entries = self.lock();
        match entries.get(at) {
            Some(TemporaryEntry::Folder) => {}
            Some(TemporaryEntry::File(_)) => return Err(FileError::NotAFolder),
            None if at.is_empty() => return Err(FileError::Busy),
            None => return Err(FileError::Missing),
        }
        if has_children(&entries, at) {
            return Err(FileError::NotEmpty);
        }
        entries.remove(at);
        self.space.give_back(ENTRY + at.len());
        Ok(())
    }

    /// Removes a file. Its content stays for as long as it is open.
    pub(super) fn remove_file(&self, at: &str) -> Result<(), FileError> {
        let mut entries = self.lock();
        match entries.get(at) {
            Some(TemporaryEntry::File(_)) => {}
            Some(TemporaryEntry::Folder) => return Err(FileError::IsAFolder),
            None if at.is_empty() => return Err(FileError::IsAFolder),
            None => return Err(FileError::Missing),
        }
        entries.remove(at);
        self.space.give_back(ENTRY + at.len());
        Ok(())
    }

    /// Renames a file, or a folder with all that is in it. A file replaces a file, and a folder an empty one.
    pub(super) fn rename(&self, from: &str, to: &str) -> Result<(), FileError> {
        let mut entries = self.lock();
        if from.is_empty() || to.is_empty() {
            return Err(FileError::Busy);
        }
        let moved = entries.get(from).ok_or(FileError::Missing)?;
        if from == to {
            return Ok(());
        }
        let is_folder = matches!(moved, TemporaryEntry::Folder);
        let below = format!("{from}/");
        if is_folder && to.starts_with(&below) {
            return Err(FileError::Invalid);
        }
        check_parent(&entries, to)?;
        match (is_folder, entries.get(to)) {
            (_, None) | (false, Some(TemporaryEntry::File(_))) => {}
            (false, Some(TemporaryEntry::Folder)) => return Err(FileError::IsAFolder),
            (true, Some(TemporaryEntry::File(_))) => return Err(FileError::NotAFolder),
            (true, Some(TemporaryEntry::Folder)) if has_children(&entries, to) => {
                return Err(FileError::NotEmpty);
            }
            (true, Some(TemporaryEntry::Folder)) => {}
        }
        let mut names = vec![from.to_owned()];
        let inner = entries.range(below.clone()..);
        let inner = inner.take_while(|(at, _)| at.starts_with(&below));
        names.extend(inner.map(|(at, _)| at.clone()));
        let (removed, added) = (from.len() * names.len(), to.len() * names.len());
        let is_too_long = |at: &&String| at.len() - from.len() + to.len() > path::MAX_PATH;
        if names.iter().any(|at| is_too_long(&at)) {
            return Err(FileError::NameTooLong);
        }
        self.space.take(added.saturating_sub(removed))?;
        self.space.give_back(removed.saturating_sub(added));
        for name in names {
            if let Some(entry) = entries.remove(&name) {
                let rest = name.get(from.len()..).unwrap_or_default();
                if entries.insert(format!("{to}{rest}"), entry).is_some() {
                    self.space.give_back(ENTRY + to.len());
                }
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, TemporaryEntry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let entries = self.entries.get_mut();
        let entries = entries.unwrap_or_else(PoisonError::into_inner);
        let taken = entries.keys().map(|at| ENTRY + at.len()).sum();
        self.space.give_back(taken);
    }
}

fn check_parent(entries: &BTreeMap<String, TemporaryEntry>, at: &str) -> Result<(), FileError> {
    match path::parent(at) {
        None | Some("") => Ok(()),
        Some(parent) => match entries.get(parent) {
            Some(TemporaryEntry::Folder) => Ok(()),
            Some(TemporaryEntry::File(_)) => Err(FileError::NotAFolder),
            None => Err(FileError::Missing),
        },
    }
}

fn has_children(entries: &BTreeMap<String, TemporaryEntry>, at: &str) -> bool {
    let below = format!("{at}/");
    let mut inner = entries.range(below.clone()..);
    inner.next().is_some_and(|(at, _)| at.starts_with(&below))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::temporary_file::{MAX_SPACE, PAGE};

    fn folder(host: usize) -> Temporary {
        Temporary::new(HeldBodies::new(host))
    }

    fn is_unused(folder: &Temporary) -> bool {
        folder.space.is_unused()
    }

    /// All space is taken in the end, however it is asked for, and given back.
    #[test]
    fn space_is_bounded() {
        let folder = folder(usize::MAX / 2);
        let file = folder.create_file("a").unwrap();
        assert_eq!(
            file.write(Some(MAX_SPACE as u64), b"x"),
            Err(FileError::Full)
        );
        assert_eq!(file.set_length(u64::MAX), Err(FileError::Full));
        let mut written = 0;
        while file.write(None, &[1; 65_536]).is_ok() {
            written += 65_536;
        }
        assert!(written > MAX_SPACE * 9 / 10 && written <= MAX_SPACE);
        // An open file that is removed keeps its space.
        folder.remove_file("a").unwrap();
        let other = folder.create_file("b").unwrap();
        assert_eq!(other.write(None, &[1; 65_536]), Err(FileError::Full));
        drop(file);
        assert!(other.write(None, &[1; 65_536]).is_ok());
        drop(other);
        folder.remove_file("b").unwrap();
        assert!(is_unused(&folder));
        let mut files = 0;
        while folder.create_file(&format!("file-{files}")).is_ok() {
            files += 1;
        }
        assert!(files > 100_000, "{files}");
        assert_eq!(folder.create_folder("folder"), Err(FileError::Full));
    }

    /// The host's budget counts too, and gets everything back.
    #[test]
    fn space_is_of_the_host() {
        let host = HeldBodies::new(10 * PAGE);
        let folder = Temporary::new(host.clone());
        let file = folder.create_file("a").unwrap();
        assert_eq!(file.write(None, &[1; 11 * PAGE]), Err(FileError::Full));
        drop((file, folder));
        assert!(host.take(10 * PAGE).is_ok());
    }

    /// Folders are renamed with what is in them, and not into themselves.
    #[test]
    fn folders_are_renamed() {
        let folder = folder(MAX_SPACE);
        for at in ["a", "a/b", "c", "a-b"] {
            folder.create_folder(at).unwrap();
        }
        folder
            .create_file("a/b/f")
            .unwrap()
            .write(None, b"x")
            .unwrap();
        assert_eq!(folder.rename("a", "a/b/d"), Err(FileError::Invalid));
        assert_eq!(folder.rename("a", "x/y"), Err(FileError::Missing));
        assert_eq!(folder.rename("c", "a"), Err(FileError::NotEmpty));
        folder.rename("a", "c").unwrap();
        let Some(TemporaryEntry::File(file)) = folder.get("c/b/f") else {
            panic!("the file is gone");
        };
        assert_eq!(file.read(0, 9), b"x");
        assert!(folder.get("a").is_none() && folder.get("a-b").is_some());
        assert_eq!(folder.next("c", ""), Some(("b".to_owned(), true)));
        assert_eq!(folder.next("c", "b"), None);
        assert_eq!(folder.remove_folder("c"), Err(FileError::NotEmpty));
        assert_eq!(folder.remove_file("c/b"), Err(FileError::IsAFolder));
        assert_eq!(
            folder.create_file("c/b/f/g").err(),
            Some(FileError::NotAFolder)
        );
        folder.create_file("g").unwrap();
        folder.rename("c/b/f", "g").unwrap();
        for at in ["c/b", "c", "a-b"] {
            folder.remove_folder(at).unwrap();
        }
        folder.remove_file("g").unwrap();
        drop(file);
        assert!(is_unused(&folder));
    }
}
