//! The fuzzer finds the seeded bugs, and reports them by its exit code.
#![expect(
    clippy::unwrap_used,
    reason = "tests say what they expect by unwrapping"
)]

use std::path::Path;
use std::process::{Command, Output};

fn fuzz(options: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    Command::new(env!("CARGO_BIN_EXE_fuzz-isolation"))
        .current_dir(root)
        .args(options)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    format!("{}{errors}", String::from_utf8_lossy(&output.stdout))
}

/// Each bug is found within five minutes, usually within seconds, and reported with the command to reproduce
/// it.
#[test]
fn every_seeded_bug_is_found() {
    // Before Linux 6.13, bug 8 needs swap.
    let can_be_found = host_harness::fuzzing::finds_pages_that_are_not_present().is_some();
    for bug in (1..=8).filter(|bug| *bug != 8 || can_be_found) {
        let output = fuzz(&["--seconds", "300", "--bug", &bug.to_string()]);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "bug {bug}: {said}");
        assert!(said.contains("DIFFERENCE: "), "bug {bug}: {said}");
        let again = "again: cargo xtask fuzz --seed ";
        let again = said.lines().find_map(|line| line.split_once(again));
        let (_, again) = again.unwrap();
        assert!(again.ends_with(&format!(" --bug {bug}")), "{again}");
    }
}

/// The seed of a reported difference reproduces it.
#[test]
fn differences_are_seen_again() {
    let first = fuzz(&["--seconds", "300", "--bug", "3"]);
    let said = said(&first);
    let seed = said.split_once("--seed ").unwrap().1;
    let seed = seed.split_whitespace().next().unwrap();
    let again = fuzz(&["--seconds", "300", "--bug", "3", "--seed", seed]);
    assert_eq!(again.status.code(), Some(1), "{again:?}");
}

/// A missing contract is an error, and not a run without a difference.
#[test]
fn missing_contract_cannot_run() {
    let output = fuzz(&["--seconds", "1", "--wit", "no-such-folder"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
}
