//! A function's name and file: `NAME=FILE.wasm`, or `FILE.wasm`.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::{fs, io};

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

/// A file that was named does not exist, or cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be read{advice}", .file.display())]
pub(crate) struct InvalidFile {
    file: PathBuf,
    advice: &'static str,
    source: io::Error,
}

impl InvalidFile {
    /// The content of a file of any kind.
    pub(crate) fn read(file: &Path, advice: &'static str) -> Result<Vec<u8>, Self> {
        fs::read(file).map_err(|source| Self {
            file: file.to_owned(),
            advice,
            source,
        })
    }
}
