//! Compares the symbols that are defined here with the object files of wasi-libc that have them.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests say what they expect by unwrapping"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The files that define symbols.
const SOURCES: [&str; 2] = [
    include_str!("../src/lib.rs"),
    include_str!("../src/__private.rs"),
];

/// An object file of wasi-libc is replaced as a whole: of a part, the linker would bring back the rest.
#[test]
fn objects_of_wasi_libc_are_replaced_as_a_whole() {
    let Some(archive) = wasi_libc() else {
        eprintln!("skipped: the target wasm32-wasip2 is not installed");
        return;
    };
    let ours = symbols_here();
    let objects = objects(&archive);
    let replaced: Vec<_> = objects
        .values()
        .filter(|symbols| !symbols.is_disjoint(&ours))
        .collect();
    assert!(replaced.len() >= 4, "{replaced:?}");
    for symbols in &replaced {
        let missing: Vec<_> = symbols.difference(&ours).collect();
        assert!(missing.is_empty(), "{missing:?} missing, of {symbols:?}");
    }
    let theirs: BTreeSet<_> = replaced.into_iter().flatten().cloned().collect();
    let unknown: Vec<_> = ours.difference(&theirs).collect();
    assert!(unknown.is_empty(), "wasi-libc has no {unknown:?}");
}

/// The names of all functions with C's calling convention that are not imported.
fn symbols_here() -> BTreeSet<String> {
    let lines = SOURCES.iter().flat_map(|source| source.lines());
    lines
        .filter_map(|line| line.split_once("extern \"C\" fn "))
        .map(|(_, rest)| rest.split_once('(').unwrap().0.to_owned())
        .collect()
}

/// The target's `libc.a`.
fn wasi_libc() -> Option<Vec<u8>> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).args(["--print", "sysroot"]).output();
    let sysroot = String::from_utf8(output.unwrap().stdout).unwrap();
    let lib = "lib/rustlib/wasm32-wasip2/lib/self-contained/libc.a";
    fs::read(Path::new(sysroot.trim_end()).join(lib)).ok()
}

/// The symbols that each object file defines, from the archive's index: the one that linkers use.
///
/// It is the archive's first file, named `/`: a count, the place of the object file of each symbol, and
/// the symbols' names, each with a zero at its end.
fn objects(archive: &[u8]) -> BTreeMap<u32, BTreeSet<String>> {
    let file = archive.strip_prefix(b"!<arch>\n").unwrap();
    let (header, rest) = file.split_at(60);
    assert!(header.starts_with(b"/ "), "no index: {header:?}");
    let size = String::from_utf8(header[48..58].to_vec()).unwrap();
    let index = &rest[..size.trim_end().parse().unwrap()];

    let numbers = index.as_chunks::<4>().0.iter().copied();
    let mut numbers = numbers.map(u32::from_be_bytes);
    let count = usize::try_from(numbers.next().unwrap()).unwrap();
    let names = index[4 * (1 + count)..].split(|byte| *byte == 0);
    let mut objects = BTreeMap::<u32, BTreeSet<String>>::new();
    for (place, name) in numbers.take(count).zip(names) {
        let name = String::from_utf8(name.to_vec()).unwrap();
        objects.entry(place).or_default().insert(name);
    }
    objects
}
