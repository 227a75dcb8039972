//! How long source files are, where they are, and what the types in them are called.
#![expect(
    clippy::unwrap_used,
    reason = "tests say what they expect by unwrapping"
)]

mod source;

use std::collections::{BTreeMap, BTreeSet};

use source::{rust_files, without_tests, workspace};

/// The most lines of a file, and of one with tests.
const MAX_LINES: usize = 300;
const MAX_LINES_OF_TESTS: usize = 400;

/// Files that may be twice as long: one idea that does not come apart, or one that nobody has cut yet.
const LONGER: [&str; 5] = [
    // Documentation of one type.
    "functions-guest-web/src/routing/mod.rs",
    "functions-server/src/workers/analysed_type.rs",
    "functions-server/src/workers/typed_json/tests.rs",
    "functions-server/tests/server/serverledge.rs",
    // Compiled code in caches depends on what this file contains.
    "host-harness/src/compile/footprint.rs",
];

/// The crates whose types have different names, and the names that several of their types may have.
const SAME_NAMES: [(&str, &[&str]); 12] = [
    // The slot of a pool, and what the owners of a thing share.
    ("host-harness", &["Shared", "Slot"]),
    ("functions-server", &[]),
    ("functions-cli", &[]),
    ("functions-bytes", &[]),
    // The host's writer, and natively the test's.
    ("functions-guest-web", &["Writer"]),
    ("functions-http", &[]),
    // The future of a call, with and without the feature `client`.
    ("functions-binding", &["Sent"]),
    ("functions-dispatch", &[]),
    ("functions-toolchain", &[]),
    ("small-libc", &[]),
    ("test-support", &[]),
    ("xtask", &[]),
];

/// A file has one idea, and few lines. Those that are generated count for nothing.
#[test]
fn files_are_short() {
    let files = rust_files(workspace());
    assert!(files.len() > 500);
    let mut unused: BTreeSet<_> = LONGER.into();
    for file in &files {
        let lines = std::fs::read_to_string(file).unwrap().lines().count();
        let path = file.strip_prefix(workspace()).unwrap().to_str().unwrap();
        let is_test = path.contains("/tests/") || path.ends_with("/tests.rs");
        let max = if is_test {
            MAX_LINES_OF_TESTS
        } else {
            MAX_LINES
        };
        if lines <= max || path.ends_with("/__private/bindings.rs") {
            continue;
        }
        assert!(
            unused.remove(path) && lines <= 2 * max,
            "{path} has {lines} lines: cut it along its ideas into files of at most {max}"
        );
    }
    assert!(unused.is_empty(), "not longer any more: {unused:?}");
}

/// A module with children is a folder with a `mod.rs`.
#[test]
fn modules_with_children_are_folders() {
    for file in rust_files(workspace()) {
        let folder = file.with_extension("");
        let (file, name) = (file.display(), folder.display());
        assert!(!folder.is_dir(), "name {file} {name}/mod.rs");
    }
}

/// The type or trait that a line defines, outside other items.
fn defined(line: &str) -> Option<&str> {
    let mut words = line.split(' ').skip_while(|word| {
        let modifiers = ["pub", "pub(crate)", "pub(super)", "pub(in", "unsafe"];
        modifiers.contains(word) || word.starts_with("crate::")
    });
    let is_type = ["struct", "enum", "trait", "type", "union"].contains(&words.next()?);
    let name = words.next().filter(|_| is_type)?;
    name.split(|letter: char| !letter.is_alphanumeric()).next()
}

/// The names that several files of a folder define outside tests, with their files. Types that replace each other
/// on other systems have one name.
fn shared_names(folder: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut places = BTreeMap::<_, BTreeSet<_>>::new();
    for file in rust_files(&workspace().join(folder)) {
        let file = file.to_str().unwrap().to_owned();
        let skipped = ["/tests.rs", "/unsupported.rs"];
        if file.contains("/tests/") || skipped.iter().any(|name| file.ends_with(name)) {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        for name in without_tests(&text).lines().filter_map(defined) {
            places
                .entry(name.to_owned())
                .or_default()
                .insert(file.clone());
        }
    }
    assert!(!places.is_empty(), "no types in {folder}");
    places.retain(|_, files| files.len() > 1);
    places
}

/// No two types of a crate have one name.
#[test]
fn types_of_a_crate_have_names_of_their_own() {
    for (name, allowed) in SAME_NAMES {
        let shared = shared_names(&format!("{name}/src"));
        let names: Vec<_> = shared.keys().collect();
        assert_eq!(names, allowed, "{name}: {shared:#?}");
    }
}
