//! Errors of a manifest, with their place in the file.

use std::path::{Path, PathBuf};
use std::{env, io};

use host_harness::Escaped;

/// How alike a key has to be to be suggested, from 0 to 1.
const ALIKE: f64 = 0.8;

/// How many names an error lists; settings are fewer.
const MAX_LISTED: usize = 30;

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
        InvalidManifest::At {
            place: self.place(at),
            reason: reason.into(),
        }
    }

    /// The file, line and column of an offset in bytes.
    pub(super) fn place(&self, at: usize) -> String {
        let before = self.text.get(..at).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default();
        let column = column.chars().count() + 1;
        let shown = shown(&self.file);
        format!("{}:{line}:{column}", shown.display())
    }
}

/// The file as a person would name it.
fn shown(file: &Path) -> &Path {
    let Ok(here) = env::current_dir() else {
        return file;
    };
    file.strip_prefix(here).unwrap_or(file)
}

/// What to write instead of an unknown key: the one that is alike, or else any that exists.
pub(super) fn nearest<'a>(key: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let mut known: Vec<_> = known.into_iter().collect();
    known.sort_unstable();
    alike(key, known.iter().copied()).unwrap_or_else(|| match known.as_slice() {
        [only] => format!("expected {only}"),
        known => format!("expected one of {}", list(known)),
    })
}

/// Names for a sentence, and how many there are more than fit into one.
fn list(names: &[&str]) -> String {
    let shown = names.get(..MAX_LISTED).unwrap_or(names);
    let shown = shown.join(", ");
    match names.len().saturating_sub(MAX_LISTED) {
        0 => shown,
        more => format!("{shown} and {more} others"),
    }
}

/// The key that is most like an unknown one, if any is: as clap suggests options.
pub(super) fn alike<'a>(key: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known = known.into_iter();
    let likeness = known.map(|name| (strsim::jaro(key, name), name));
    let alike = likeness.filter(|(likeness, _)| *likeness >= ALIKE);
    let (_, name) = alike.max_by(|one, other| one.0.total_cmp(&other.0))?;
    Some(format!("did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only keys that a person may have meant are suggested; otherwise all are listed.
    #[test]
    fn alike_keys_are_suggested() {
        let settings = ["concurrency", "memory", "private", "reuse", "timeout"];
        for (key, meant) in [
            ("timout", "timeout"),
            ("concurency", "concurrency"),
            ("memmory", "memory"),
        ] {
            assert_eq!(
                nearest(key, settings),
                format!("did you mean `{meant}`?"),
                "{key}"
            );
        }
        for key in ["port", "nested", "manifest", "x", ""] {
            let expected = "expected one of concurrency, memory, private, reuse, timeout";
            assert_eq!(nearest(key, settings), expected, "{key}");
        }
        assert_eq!(nearest("other", ["hello"]), "expected hello");
        let many: Vec<_> = (0..100).map(|number| format!("f{number:02}")).collect();
        let fix = nearest("other", many.iter().map(String::as_str));
        assert!(fix.ends_with(", f28, f29 and 70 others"), "{fix}");
    }
}
