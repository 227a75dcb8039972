//! Whose the folder is.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// Why compiled functions cannot be kept in a folder.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnusableFolder {
    #[error(
        "the cache folder {} cannot be used; give another with --cache, or --no-cache",
        folder.display()
    )]
    Unusable { folder: PathBuf, source: io::Error },
    #[error(
        "the cache folder {} is not this user's alone, and others could put machine code there: \
         make it so (chown, chmod 700), or give another with --cache",
        .0.display()
    )]
    Shared(PathBuf),
}

impl UnusableFolder {
    /// Says why nothing is kept.
    pub(crate) fn warn(&self) {
        match self {
            Self::Unusable { source, .. } => tracing::warn!("{self}: {source}"),
            Self::Shared(_) => tracing::warn!("{self}"),
        }
    }
}

/// Makes the folder for this user alone, unless it is there, and then it has to be this user's.
pub(super) fn make_private(folder: &Path) -> Result<(), UnusableFolder> {
    let unusable = |source| UnusableFolder::Unusable {
        folder: folder.to_owned(),
        source,
    };
    make(folder).map_err(unusable)?;
    if is_private(&fs::metadata(folder).map_err(unusable)?) {
        Ok(())
    } else {
        Err(UnusableFolder::Shared(folder.to_owned()))
    }
}

#[cfg(unix)]
fn make(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;

    let mut folders = fs::DirBuilder::new();
    folders.recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// Whether it belongs to whoever runs this, and nobody else may write to it.
#[cfg(unix)]
pub(super) fn is_private(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    /// Write permission of the group and of everybody.
    const OTHERS_MAY_WRITE: u32 = 0o022;

    let own = rustix::process::geteuid().as_raw();
    metadata.uid() == own && metadata.mode() & OTHERS_MAY_WRITE == 0
}

/// Where that cannot be told, nothing is kept.
#[cfg(not(unix))]
pub(super) fn is_private(_: &Metadata) -> bool {
    false
}
