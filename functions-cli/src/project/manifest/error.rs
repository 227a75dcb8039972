//! Errors of a manifest, with their place in the file.

use std::path::{Path, PathBuf};
use std::{env, io};

use host_harness::Escaped;

/// How alike a key has to be to be suggested, from 0 to 1.
const ALIKE: f64 = 0.7;

/// A manifest is invalid.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidManifest {
    #[error("{}: {}", .place, Escaped(.reason))]
    At { place: String, reason: String },
    #[error("{} cannot be read", .file.display())]
    Unreadable { file: PathBuf, source: io::Error },
}

impl InvalidManifest {
    pub(super) fn unreadable(file: &Path, source: io::Error) -> Self {
        let file = file.to_owned();
        Self::Unreadable { file, source }
    }
}

/// The text of a manifest.
#[derive(Debug)]
pub(super) struct Source {
    file: PathBuf,
    text: String,
}

impl Source {
    pub(super) fn new(file: &Path, text: String) -> Self {
        let file = file.to_owned();
        Self { file, text }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// An error at an offset in bytes.
    pub(super) fn error(&self, at: usize, reason: impl Into<String>) -> InvalidManifest {
        let before = self.text.get(..at).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default();
        let column = column.chars().count() + 1;
        let shown = shown(&self.file);
        InvalidManifest::At {
            place: format!("{}:{line}:{column}", shown.display()),
            reason: reason.into(),
        }
    }
}

/// The file as a person would name it.
fn shown(file: &Path) -> &Path {
    let Ok(here) = env::current_dir() else {
        return file;
    };
    file.strip_prefix(here).unwrap_or(file)
}

/// What to write instead of an unknown key.
pub(super) fn nearest<'a>(key: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let mut known: Vec<_> = known.into_iter().collect();
    known.sort_unstable();
    let likeness = |name: &str| strsim::jaro_winkler(key, name);
    let best = known
        .iter()
        .map(|name| (likeness(name), name))
        .max_by(|one, other| one.0.total_cmp(&other.0));
    match best {
        Some((likeness, name)) if likeness >= ALIKE => format!("did you mean `{name}`?"),
        _ => format!("expected one of {}", known.join(", ")),
    }
}
