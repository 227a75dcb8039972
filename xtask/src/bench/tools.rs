//! Programs of others that measuring takes, in versions that are stated here.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::bail;

use super::{build, machine};

/// Sends requests at a constant rate, and corrects latencies for those that it could not send in
/// time. `wrk` does not; it takes less of a processor for the same load.
const OHA: &str = "1.16.0";

/// What `wasmtime serve` needs of wasmtime's command; all of it would take twice as long to compile.
const WASMTIME_FEATURES: &str = "run,serve,component-model-async,cranelift,pooling-allocator,\
                                 parallel-compilation,backtrace,threads,clap/default";

/// wrk, which has to be there.
pub(super) fn wrk() -> anyhow::Result<PathBuf> {
    present("wrk", "--version")
}

/// Valgrind, which has to be there.
pub(super) fn valgrind() -> anyhow::Result<PathBuf> {
    present("valgrind", "--version")
}

fn present(program: &str, version: &str) -> anyhow::Result<PathBuf> {
    if Command::new(program).arg(version).output().is_err() {
        bail!("`{program}` is not installed: apt-get install {program}");
    }
    Ok(program.into())
}

/// oha, which is brought where it is missing. It does not compile without TLS.
pub(super) fn oha(root: &Path) -> anyhow::Result<PathBuf> {
    installed(root, "oha", "oha", OHA, &[])
}

/// wasmtime's command, in the version of the library that the host is made with.
pub(super) fn wasmtime(root: &Path) -> anyhow::Result<PathBuf> {
    let version = machine::locked(root, "wasmtime")?;
    let features = ["--no-default-features", "--features", WASMTIME_FEATURES];
    installed(root, "wasmtime-cli", "wasmtime", &version, &features)
}

/// A program from crates.io, compiled into `target/bench/tools` unless it is there already.
fn installed(
    root: &Path,
    package: &str,
    program: &str,
    version: &str,
    options: &[&str],
) -> anyhow::Result<PathBuf> {
    let tools = root.join("target/bench/tools");
    let path = tools.join("bin").join(program);
    if let Ok(output) = Command::new(&path).arg("--version").output()
        && String::from_utf8_lossy(&output.stdout).contains(version)
    {
        return Ok(path);
    }
    eprintln!("installing {package} {version}");
    let mut command = build::cargo(root);
    command.args(["install", package, "--locked", "--version"]);
    command.arg(format!("={version}")).arg("--root").arg(&tools);
    if !command.args(options).status()?.success() {
        bail!("{command:?} failed");
    }
    Ok(path)
}
