//! How large the examples are: a function's size is its start-up time, and every user pays for it.
#![expect(
    clippy::unwrap_used,
    reason = "tests say what they expect by unwrapping"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Where the sizes are recorded, `NAME BYTES` a line.
const RECORD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sizes.txt");

/// How much an example may grow, in percent, before somebody has to look at it.
const GROWTH: u64 = 5;

/// What was promised, in bytes.
const PROMISED: [(&str, u64); 2] = [("ping", 30_000), ("greet", 105_000)];

fn sizes() -> BTreeMap<&'static str, u64> {
    let examples = test_guests::EXAMPLES.iter();
    examples
        .map(|(name, file)| (*name, std::fs::metadata(file).unwrap().len()))
        .collect()
}

/// Sizes are those of the compiler they were recorded with, the workspace's own `rust-version`.
fn compiler_is_pinned() -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc)
        .arg("--version")
        .output()
        .unwrap()
        .stdout;
    let pinned = concat!("rustc ", env!("CARGO_PKG_RUST_VERSION"), ".");
    String::from_utf8(version).unwrap().starts_with(pinned)
}

/// No example grows unnoticed. `UPDATE_SIZES=1 cargo test -p test-guests` records what there is.
#[test]
fn examples_do_not_grow_unnoticed() {
    let sizes = sizes();
    if std::env::var_os("UPDATE_SIZES").is_some() {
        let lines: String = sizes
            .iter()
            .map(|(name, size)| format!("{name} {size}\n"))
            .collect();
        std::fs::write(RECORD, lines).unwrap();
        return;
    }
    if !compiler_is_pinned() {
        eprintln!("skipped: the sizes were recorded with another compiler");
        return;
    }
    let record = std::fs::read_to_string(Path::new(RECORD)).unwrap();
    let recorded: BTreeMap<&str, u64> = record
        .lines()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(name, size)| (name, size.parse().unwrap()))
        .collect();
    for (name, size) in &sizes {
        let recorded = recorded
            .get(name)
            .unwrap_or_else(|| panic!("{name} is not in {RECORD}"));
        assert!(
            *size <= recorded + recorded * GROWTH / 100,
            "{name} grew from {recorded} to {size} bytes; if that is worth it: UPDATE_SIZES=1 cargo test -p test-guests",
        );
    }
}

/// What was promised holds with every compiler.
#[test]
fn promised_sizes_hold() {
    let sizes = sizes();
    for (name, most) in PROMISED {
        assert!(sizes[name] <= most, "{name} has {} bytes", sizes[name]);
    }
}

/// The smallest function asks nothing of WASI: making an instance of it is cheaper by a third.
#[test]
fn ping_imports_no_wasi() {
    let component = std::fs::read(test_guests::PING).unwrap();
    let wasi = component.windows(5).position(|window| window == b"wasi:");
    assert_eq!(
        wasi, None,
        "there is a WASI import, or something that looks like one"
    );
}
