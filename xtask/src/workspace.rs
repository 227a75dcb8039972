//! The repository's root, and how its packages are built.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Installs the `wasm32-wasip2` target; quick and silent if it is installed.
pub(crate) fn ensure_target() -> anyhow::Result<()> {
    let script = root().join("scripts/wasm32-wasip2-from-debian.sh");
    functions_toolchain::ensure_target_or_run(&script, &mut |line| eprintln!("{line}"))?;
    Ok(())
}

/// A cargo command that runs in a folder.
pub(crate) fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(folder);
    // `cargo xtask` sets these variables for this package. Build scripts that read them, such as ring's,
    // would run again, and their dependents would be compiled again.
    for (name, _) in std::env::vars_os() {
        let known = name.to_string_lossy();
        if known.starts_with("CARGO_PKG_") || known.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Builds programs with a `cargo build` that names them, and returns their paths in the same order.
pub(crate) fn build(mut command: Command, programs: &[&str]) -> anyhow::Result<Vec<PathBuf>> {
    command.arg("--message-format=json-render-diagnostics");
    for program in programs {
        command.args(["--bin", program]);
    }
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!("{command:?} failed");
    }
    let messages = String::from_utf8(output.stdout)?;
    programs
        .iter()
        .map(|program| executable(&messages, program))
        .collect()
}

/// Finds the path of a program in cargo's messages.
fn executable(messages: &str, program: &str) -> anyhow::Result<PathBuf> {
    let path = messages.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let of = message.get("target")?.get("name")?.as_str()?;
        let path = message.get("executable")?.as_str()?;
        (of == program).then(|| PathBuf::from(path))
    });
    path.with_context(|| format!("program {program} not found in cargo's output"))
}
