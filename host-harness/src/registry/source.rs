//! Where the bytes of a component come from.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::{LoadError, LoadErrorKind};
use crate::compile::ComponentBytes;
use crate::limits::MAX_COMPONENT;

/// A component to deploy.
///
/// A function is unloaded if nobody calls it for long, and then read again. So the file has to stay as it
/// is; bytes stay in memory.
#[derive(Clone)]
#[non_exhaustive]
pub enum ComponentSource {
    /// The component itself.
    Bytes(Bytes),
    /// A file.
    File(PathBuf),
}

impl ComponentSource {
    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            Self::Bytes(_) => None,
            Self::File(file) => Some(file),
        }
    }

    /// Reads the component now, to be deployed later.
    pub(crate) fn open(self) -> Result<Opened, LoadError> {
        let wasm = self.read()?;
        Ok(Opened { source: self, wasm })
    }

    /// Reads the component, and checks that it is one.
    pub(crate) fn read(&self) -> Result<ComponentBytes, LoadError> {
        let error = |kind| LoadError::new(self.file(), kind);
        let (bytes, file) = match self {
            Self::Bytes(bytes) => {
                let bytes = (bytes.len() as u64 <= MAX_COMPONENT).then(|| bytes.clone());
                (bytes, None)
            }
            Self::File(file) => {
                let (bytes, file) = read_bounded(file)
                    .map_err(|why| error(LoadErrorKind::Unreadable).because(why))?;
                (bytes.map(Bytes::from), Some(file))
            }
        };
        let bytes = bytes.ok_or_else(|| error(LoadErrorKind::TooLarge))?;
        match bytes.get(..8) {
            Some([0, b'a', b's', b'm', _, _, 1, 0]) => Ok(ComponentBytes::of_file(bytes, file)),
            Some([0, b'a', b's', b'm', 1, 0, 0, 0]) => Err(error(LoadErrorKind::CoreModule)),
            _ => Err(error(LoadErrorKind::NotWasm)),
        }
    }
}

/// A source, and the component that was read from it.
pub(crate) struct Opened {
    pub(super) source: ComponentSource,
    pub(super) wasm: ComponentBytes,
}

/// Reads a file, which stays open; `None` if it is too long. Never reads further, since the file may be endless.
fn read_bounded(file: &Path) -> std::io::Result<(Option<Vec<u8>>, File)> {
    let file = File::open(file)?;
    let length = file.metadata()?.len().min(MAX_COMPONENT);
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    (&file).take(MAX_COMPONENT + 1).read_to_end(&mut bytes)?;
    let is_whole = u64::try_from(bytes.len()).is_ok_and(|length| length <= MAX_COMPONENT);
    Ok((is_whole.then_some(bytes), file))
}

impl From<Bytes> for ComponentSource {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Vec<u8>> for ComponentSource {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes.into())
    }
}

impl From<PathBuf> for ComponentSource {
    fn from(file: PathBuf) -> Self {
        Self::File(file)
    }
}

impl From<&Path> for ComponentSource {
    fn from(file: &Path) -> Self {
        Self::File(file.to_owned())
    }
}

impl std::fmt::Debug for ComponentSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Self::File(file) => f.debug_tuple("File").field(file).finish(),
        }
    }
}
