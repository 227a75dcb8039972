//! Folders of projects, and files as a person names them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::ProjectError;
use super::manifest::FILE as MANIFEST;

/// The folder that a path names, which may also be a `Cargo.toml` or a `functions.toml`.
pub(crate) fn folder_of(path: &Path) -> Result<PathBuf, ProjectError> {
    let unreadable = |error| format!("{} cannot be read: {error}", path.display());
    let full = fs::canonicalize(path).map_err(unreadable)?;
    if full.is_dir() {
        return Ok(full);
    }
    let is_known = full.ends_with("Cargo.toml") || full.ends_with(MANIFEST);
    match full.parent() {
        Some(folder) if is_known => Ok(folder.to_owned()),
        _ => Err(ProjectError::Invalid(format!(
            "{} is not a folder: expected that of a package, of a workspace or of a {MANIFEST}",
            path.display()
        ))),
    }
}

/// Whether a folder has a manifest, or a package.
pub(crate) fn is_project(folder: &Path) -> bool {
    let names = [MANIFEST, "Cargo.toml"];
    names.into_iter().any(|name| folder.join(name).is_file())
}

/// The file as a person in the working directory would name it.
pub(crate) fn near(file: PathBuf) -> PathBuf {
    let here = env::current_dir().ok();
    let below = here.and_then(|here| Some(file.strip_prefix(here).ok()?.to_owned()));
    below.unwrap_or(file)
}
