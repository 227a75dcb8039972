//! The sizes of the examples. A larger function starts more slowly, for every user.
#![expect(
    clippy::unwrap_used,
    reason = "tests say what they expect by unwrapping"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// The recorded sizes, one `NAME BYTES` per line.
const RECORD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sizes.txt");

/// The percentage by which an example may grow before a person has to review it.
const GROWTH: u64 = 5;

/// The maximum sizes that the project promises, in bytes.
const PROMISED: [(&str, u64); 2] = [("ping", 30_000), ("greet", 105_000)];

fn sizes() -> BTreeMap<&'static str, u64> {
    let examples = test_guests::EXAMPLES.iter();
    examples
        .map(|(name, file)| (*name, std::fs::metadata(file).unwrap().len()))
        .collect()
}

/// Whether the compiler is the workspace's `rust-version`, with which the sizes were recorded.
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

/// No example grows unnoticed. `UPDATE_SIZES=1 cargo test -p test-guests` records the current sizes.
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

/// The promised sizes hold with every compiler.
#[test]
fn promised_sizes_hold() {
    let sizes = sizes();
    for (name, most) in PROMISED {
        assert!(sizes[name] <= most, "{name} has {} bytes", sizes[name]);
    }
}

/// The smallest function imports nothing of WASI, which makes creating its instance a third cheaper.
#[test]
fn ping_imports_no_wasi() {
    let component = std::fs::read(test_guests::PING).unwrap();
    let wasi = component.windows(5).position(|window| window == b"wasi:");
    assert_eq!(
        wasi, None,
        "there is a WASI import, or something that looks like one"
    );
}
