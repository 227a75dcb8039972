//! Records the public API of the SDK's crates, so that a change is visible in review.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::workspace::{self, cargo};

/// The crates that functions depend on.
const CRATES: [&str; 6] = [
    "small-libc",
    "functions-bytes",
    "functions-guest-web",
    "functions-http",
    "functions-binding",
    "functions-dispatch",
];

/// Writes the record of each crate, or with `check` fails if one differs.
pub(crate) fn run(check: bool) -> anyhow::Result<()> {
    if !compiler_is_pinned()? {
        eprintln!(
            "skipped: the record is for rustc {}",
            env!("CARGO_PKG_RUST_VERSION")
        );
        return Ok(());
    }
    let root = workspace::root();
    let mut changed = Vec::new();
    for name in CRATES {
        let now = public_api(&root, name)?;
        let file = format!("docs/public-api/{name}.txt");
        let recorded = fs::read_to_string(root.join(&file)).unwrap_or_default();
        if now == recorded {
            continue;
        }
        if check {
            show(&recorded, &now);
            changed.push(file);
        } else {
            fs::write(root.join(&file), now).with_context(|| format!("cannot write {file}"))?;
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    bail!(
        "the public API differs from {}: if that is intended, run `cargo api` and add a line to the changelog",
        changed.join(", ")
    )
}

/// Whether the compiler is the workspace's `rust-version`, for which the record is.
///
/// The format of rustdoc's JSON, and its paths of the standard library, change with the compiler.
fn compiler_is_pinned() -> anyhow::Result<bool> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .arg("--version")
        .output()
        .context("cannot start rustc")?;
    let pinned = concat!("rustc ", env!("CARGO_PKG_RUST_VERSION"), ".");
    Ok(String::from_utf8(output.stdout)?.starts_with(pinned))
}

/// The items of a crate, one per line.
fn public_api(root: &Path, name: &str) -> anyhow::Result<String> {
    let api = public_api::Builder::from_rustdoc_json(rustdoc(root, name)?)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .build()
        .with_context(|| format!("cannot read the documentation of {name}"))?;
    Ok(api.to_string())
}

/// Documents a crate as JSON, an unstable feature of rustdoc.
///
/// `RUSTC_BOOTSTRAP` enables it in the installed compiler. A separate folder keeps other builds unchanged.
fn rustdoc(root: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let target = root.join("target/api");
    let mut command = cargo(root);
    command
        .env("RUSTC_BOOTSTRAP", "1")
        .args([
            "rustdoc",
            "--quiet",
            "--lib",
            "--all-features",
            "--package",
            name,
        ])
        .arg("--target-dir")
        .arg(&target)
        .args([
            "--",
            "-Zunstable-options",
            "--output-format=json",
            "--cap-lints=allow",
        ]);
    let status = command.status().context("cannot start cargo")?;
    if !status.success() {
        bail!("{command:?} failed");
    }
    Ok(target.join(format!("doc/{}.json", name.replace('-', "_"))))
}

/// Prints removed and added items.
fn show(recorded: &str, now: &str) {
    let (before, after): (BTreeSet<_>, BTreeSet<_>) =
        (recorded.lines().collect(), now.lines().collect());
    for gone in before.difference(&after) {
        eprintln!("- {gone}");
    }
    for new in after.difference(&before) {
        eprintln!("+ {new}");
    }
}
