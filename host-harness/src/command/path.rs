//! Paths in a command's files: their parts joined by `/`, without one at either end. The root is empty.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::ops::Bound;

/// How many files a bundle has at most.
pub(super) const MAX_FILES: usize = 10_000;

/// The longest path, in bytes.
pub(super) const MAX_PATH: usize = 4096;

/// The longest name in a path, in bytes.
const MAX_NAME: usize = 255;

/// Why a path is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PathError {
    Empty,
    Invalid,
    TooLong,
    /// It leads out of the folder that it is relative to.
    Outside,
}

/// A path that is relative to a folder, from the root. There are no links, so it can be told from the text.
pub(super) fn resolve(folder: &str, path: &str) -> Result<String, PathError> {
    if path.is_empty() {
        return Err(PathError::Empty);
    }
    if path.starts_with('/') {
        return Err(PathError::Outside);
    }
    if path.len() > MAX_PATH {
        return Err(PathError::TooLong);
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop().ok_or(PathError::Outside)?),
            part if part.contains('\0') => return Err(PathError::Invalid),
            part if part.len() > MAX_NAME => return Err(PathError::TooLong),
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    let whole = match (folder, &*path) {
        ("", path) => path.to_owned(),
        (folder, "") => folder.to_owned(),
        (folder, path) => format!("{folder}/{path}"),
    };
    match whole.len() <= MAX_PATH {
        true => Ok(whole),
        false => Err(PathError::TooLong),
    }
}

/// The folder that a path is in; `None` for the root.
pub(super) fn parent(path: &str) -> Option<&str> {
    match path.rsplit_once('/') {
        Some((parent, _)) => Some(parent),
        None => (!path.is_empty()).then_some(""),
    }
}

/// What comes directly in a folder after a name, which is empty at first.
///
/// What is deeper is passed over by look-ups, so that one call is short however much that is.
pub(super) fn next_in<'a, K: Borrow<str> + Ord, V>(
    entries: &'a BTreeMap<K, V>,
    folder: &str,
    after: &str,
) -> Option<(&'a str, &'a V)> {
    let prefix = match folder {
        "" => String::new(),
        folder => format!("{folder}/"),
    };
    let mut from = Bound::Excluded(format!("{prefix}{after}"));
    loop {
        let beyond = (from.as_ref().map(String::as_str), Bound::Unbounded);
        let (at, entry) = entries.range::<str, _>(beyond).next()?;
        let rest = at.borrow().strip_prefix(&*prefix)?;
        match rest.split_once('/') {
            None => return Some((rest, entry)),
            // `0` comes after `/`: this is behind all that is in the folder `name`.
            Some((name, _)) => from = Bound::Included(format!("{prefix}{name}0")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Paths are resolved as on any system, and never lead out of their folder.
    #[test]
    fn paths_stay_in_their_folder() {
        for (folder, path, resolved) in [
            ("", "a", Ok("a")),
            ("", "./a//b/", Ok("a/b")),
            ("", ".", Ok("")),
            ("a", ".", Ok("a")),
            ("a", "b/../c", Ok("a/c")),
            ("a", "..", Err(PathError::Outside)),
            ("a", "b/../../c", Err(PathError::Outside)),
            ("", "/a", Err(PathError::Outside)),
            ("", "", Err(PathError::Empty)),
            ("", "a\0", Err(PathError::Invalid)),
        ] {
            assert_eq!(resolve(folder, path).as_deref(), resolved.as_ref().copied());
        }
        let name = "n".repeat(MAX_NAME);
        assert_eq!(resolve("", &name), Ok(name.clone()));
        assert_eq!(resolve("", &format!("{name}n")), Err(PathError::TooLong));
        let path = [&*name; 15].join("/");
        assert!(resolve(&name, &path).is_ok());
        assert_eq!(resolve(&path, &path), Err(PathError::TooLong));
    }

    /// Only what is directly in a folder is listed there.
    #[test]
    fn names_are_of_their_folder() {
        let entries = [
            "a", "a-b", "a/b", "a/b/c", "a/b/d/e", "a/b-c", "a/d", "a0", "e",
        ]
        .map(|at| (at, ()));
        let entries = BTreeMap::from(entries);
        for (folder, names) in [
            ("", &["a", "a-b", "a0", "e"][..]),
            ("a", &["b", "b-c", "d"]),
            ("a/b", &["c"]),
            ("e", &[]),
        ] {
            let next = |after: &&str| next_in(&entries, folder, after).map(|(name, ())| name);
            let listed: Vec<_> = std::iter::successors(next(&""), next).collect();
            assert_eq!(listed, names);
        }
        assert_eq!(
            (parent("a/b/c"), parent("a"), parent("")),
            (Some("a/b"), Some(""), None)
        );
    }
}
