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
    #[error(
        "the cache folder {} is below {}, where others could put another in its place: make that \
         root's or this user's alone (chown, chmod go-w), or give another with --cache",
        folder.display(),
        parent.display()
    )]
    Exposed { folder: PathBuf, parent: PathBuf },
}

impl UnusableFolder {
    /// Says why nothing is kept.
    pub(crate) fn warn(&self) {
        match self {
            Self::Unusable { source, .. } => tracing::warn!("{self}: {source}"),
            Self::Shared(_) | Self::Exposed { .. } => tracing::warn!("{self}"),
        }
    }
}

/// Makes the folder for this user alone, unless it is there, and then it has to be this user's, and
/// nobody else's to replace. Returns where it really is: the way there may lead through links, which
/// somebody could change later.
pub(super) fn make_private(folder: &Path) -> Result<PathBuf, UnusableFolder> {
    let unusable = |source| UnusableFolder::Unusable {
        folder: folder.to_owned(),
        source,
    };
    make(folder).map_err(unusable)?;
    let folder = fs::canonicalize(folder).map_err(unusable)?;
    if !is_private(&fs::symlink_metadata(&folder).map_err(unusable)?) {
        return Err(UnusableFolder::Shared(folder));
    }
    for parent in folder.ancestors().skip(1) {
        if !is_stable(&fs::symlink_metadata(parent).map_err(unusable)?) {
            let parent = parent.to_owned();
            return Err(UnusableFolder::Exposed { folder, parent });
        }
    }
    Ok(folder)
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

/// Write permission of the group and of everybody.
#[cfg(unix)]
const OTHERS_MAY_WRITE: u32 = 0o022;

/// Whether it belongs to whoever runs this, and nobody else may write to it.
#[cfg(unix)]
pub(super) fn is_private(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    let own = rustix::process::geteuid().as_raw();
    metadata.uid() == own && metadata.mode() & OTHERS_MAY_WRITE == 0
}

/// Whether nobody but root and whoever runs this can put something else in the place of what is in a
/// folder, and belongs to one of the two.
#[cfg(unix)]
fn is_stable(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    /// What others have put there only they replace, as in `/tmp`.
    const STICKY: u32 = 0o1000;

    let own = rustix::process::geteuid().as_raw();
    let of_others = metadata.mode() & OTHERS_MAY_WRITE != 0 && metadata.mode() & STICKY == 0;
    [0, own].contains(&metadata.uid()) && !of_others
}

#[cfg(not(unix))]
fn is_stable(_: &Metadata) -> bool {
    false
}

/// Where that cannot be told, nothing is kept.
#[cfg(not(unix))]
pub(super) fn is_private(_: &Metadata) -> bool {
    false
}
