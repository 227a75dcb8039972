//! Who owns the cache folder, and who could replace it.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// Why a folder cannot be used as a cache.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnusableFolder {
    #[error(
        "the cache folder {} cannot be used; give another with --cache, or set --no-cache",
        folder.display()
    )]
    Unusable { folder: PathBuf, source: io::Error },
    #[error(
        "the cache folder {} is not this user's alone, so others could put machine code there; \
         restrict it (chown, chmod 700), or give another with --cache",
        .0.display()
    )]
    Shared(PathBuf),
    #[error(
        "the cache folder {} is below {}, where others could replace it; restrict that folder to \
         root or this user (chown, chmod go-w), or give another with --cache",
        folder.display(),
        parent.display()
    )]
    Exposed { folder: PathBuf, parent: PathBuf },
}

impl UnusableFolder {
    /// Logs why compiled functions are not cached.
    pub(crate) fn warn(&self) {
        match self {
            Self::Unusable { source, .. } => tracing::warn!("{self}: {source}"),
            Self::Shared(_) | Self::Exposed { .. } => tracing::warn!("{self}"),
        }
    }
}

/// Creates the folder for this user alone, or checks that an existing one belongs to this user and
/// that nobody else can replace it.
///
/// Returns the canonical path: somebody could later change a symbolic link on the way.
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

/// Write permission for the group and for others.
#[cfg(unix)]
const OTHERS_MAY_WRITE: u32 = 0o022;

/// Whether it belongs to the current user, and nobody else may write to it.
#[cfg(unix)]
pub(super) fn is_private(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    let own = rustix::process::geteuid().as_raw();
    metadata.uid() == own && metadata.mode() & OTHERS_MAY_WRITE == 0
}

/// Whether the folder belongs to root or the current user, and nobody else can replace its entries.
#[cfg(unix)]
fn is_stable(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    /// With this bit, as on `/tmp`, only owners can replace entries.
    const STICKY: u32 = 0o1000;

    let own = rustix::process::geteuid().as_raw();
    let of_others = metadata.mode() & OTHERS_MAY_WRITE != 0 && metadata.mode() & STICKY == 0;
    [0, own].contains(&metadata.uid()) && !of_others
}

#[cfg(not(unix))]
fn is_stable(_: &Metadata) -> bool {
    false
}

/// Without Unix permissions, nothing is cached.
#[cfg(not(unix))]
pub(super) fn is_private(_: &Metadata) -> bool {
    false
}
