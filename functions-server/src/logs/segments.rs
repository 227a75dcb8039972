//! The files of a function: the current one, and the one before it.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

const CURRENT: &str = "current.jsonl";
const PREVIOUS: &str = "previous.jsonl";

/// The longest file, in bytes. A longer record has its own file.
const MAX_SEGMENT: u64 = 4 << 20;

/// How many bytes are read at once: what a client that does not read costs.
pub(super) const MAX_CHUNK: u64 = 256 << 10;

/// The files of all functions.
#[derive(Debug)]
pub(super) struct Segments {
    folder: PathBuf,
    /// Held while files are renamed or opened, so that readers miss no lines and get none twice.
    naming: Mutex<()>,
}

/// A file that lines are added to.
#[derive(Debug)]
pub(super) struct Current {
    file: File,
    length: u64,
}

/// The files of one function, opened at the same moment.
#[derive(Debug, Default)]
pub(super) struct Opened {
    pub(super) previous: Option<File>,
    pub(super) current: Option<File>,
}

impl Segments {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            naming: Mutex::default(),
        })
    }

    /// Adds lines to the current file of a function, and begins another one if that is full.
    pub(super) fn append(
        &self,
        function: &str,
        current: Option<Current>,
        lines: &[u8],
    ) -> io::Result<Current> {
        let mut current = match current {
            Some(current) => current,
            None => self.current(function)?,
        };
        let length = u64::try_from(lines.len()).unwrap_or(u64::MAX);
        if current.length > 0 && current.length.saturating_add(length) > MAX_SEGMENT {
            let _naming = self.naming.lock().unwrap_or_else(PoisonError::into_inner);
            fs::rename(self.path(function, CURRENT), self.path(function, PREVIOUS))?;
            current = self.create(function)?;
        }
        current.file.write_all(lines)?;
        current.length += length;
        Ok(current)
    }

    /// Opens the current file of a function. A line that a killed process left half is ended.
    fn current(&self, function: &str) -> io::Result<Current> {
        let _naming = self.naming.lock().unwrap_or_else(PoisonError::into_inner);
        match DirBuilder::new().create(self.folder.join(function)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let mut current = self.create(function)?;
        if current.length > 0 {
            let mut last = [0];
            current.file.seek(SeekFrom::End(-1))?;
            current.file.read_exact(&mut last)?;
            if last != *b"\n" {
                current.file.write_all(b"\n")?;
                current.length += 1;
            }
        }
        Ok(current)
    }

    fn create(&self, function: &str) -> io::Result<Current> {
        let path = self.path(function, CURRENT);
        let file = File::options()
            .create(true)
            .append(true)
            .read(true)
            .open(path)?;
        let length = file.metadata()?.len();
        Ok(Current { file, length })
    }

    /// Opens the files of a function for reading.
    pub(super) fn read(&self, function: &str) -> io::Result<Opened> {
        let _naming = self.naming.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Opened {
            previous: open(&self.path(function, PREVIOUS))?,
            current: open(&self.path(function, CURRENT))?,
        })
    }

    /// Deletes the files of a function.
    pub(super) fn remove(&self, function: &str) -> io::Result<()> {
        let _naming = self.naming.lock().unwrap_or_else(PoisonError::into_inner);
        match fs::remove_dir_all(self.folder.join(function)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Names of functions are valid names of files.
    fn path(&self, function: &str, name: &str) -> PathBuf {
        self.folder.join(function).join(name)
    }
}

fn open(path: &Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
