//! A function's name and file: `NAME=FILE.wasm`, or `FILE.wasm`.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::{fs, io, io::Read as _};

use host_harness::Harness;

/// A function to serve or deploy.
#[derive(Clone)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) file: PathBuf,
}

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, file) = match text.split_once('=') {
            Some((name, file)) => (name.to_owned(), PathBuf::from(file)),
            None => {
                let file = PathBuf::from(text);
                let stem = file.file_stem().and_then(|stem| stem.to_str());
                let stem = stem.ok_or("missing file: expected NAME=FILE.wasm")?;
                (stem.to_owned(), file)
            }
        };
        Harness::check_name(&name)?;
        if file.as_os_str().is_empty() {
            return Err("missing file: expected NAME=FILE.wasm".into());
        }
        Ok(Self { name, file })
    }
}

/// The longest file, which is the longest component that a host takes, in bytes.
const MAX_FILE: u64 = 256 << 20;

/// A file that was named does not exist, cannot be read, or is invalid.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidFile {
    #[error("{} cannot be read{advice}", .file.display())]
    Unreadable {
        file: PathBuf,
        advice: &'static str,
        source: io::Error,
    },
    #[error("{} is too long: expected at most {MAX_FILE} bytes", .0.display())]
    TooLong(PathBuf),
    #[error("{} is not JSON; `functions settings NAME --json` shows the form", .file.display())]
    NotJson {
        file: PathBuf,
        source: serde_json::Error,
    },
}

impl InvalidFile {
    /// The content of a file of any kind.
    pub(crate) fn read(file: &Path, advice: &'static str) -> Result<Vec<u8>, Self> {
        let unreadable = |source| Self::Unreadable {
            file: file.to_owned(),
            advice,
            source,
        };
        let mut bytes = Vec::new();
        // A device may have no end.
        let opened = fs::File::open(file).map_err(unreadable)?;
        let read = opened.take(MAX_FILE + 1).read_to_end(&mut bytes);
        read.map_err(unreadable)?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length <= MAX_FILE) {
            return Ok(bytes);
        }
        Err(Self::TooLong(file.to_owned()))
    }

    /// Fails if a file does not exist, or cannot be looked at.
    pub(crate) fn check(file: &Path, advice: &'static str) -> Result<(), Self> {
        let looked = fs::metadata(file).map(drop);
        looked.map_err(|source| Self::Unreadable {
            file: file.to_owned(),
            advice,
            source,
        })
    }

    /// A file that should have been JSON.
    pub(crate) fn not_json(file: &Path, source: serde_json::Error) -> Self {
        let file = file.to_owned();
        Self::NotJson { file, source }
    }
}
