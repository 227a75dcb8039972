//! Programs of others that measuring takes, in versions that are stated here.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use super::machine;
use crate::workspace::cargo;

/// Sends requests at a constant rate, and corrects latencies for those that it could not send in
/// time. `wrk` does not; it takes less of a processor for the same load.
const OHA: &str = "1.16.0";

/// What `wasmtime serve` needs of wasmtime's command; all of it would take twice as long to compile.
const WASMTIME_FEATURES: &str = "run,serve,component-model-async,cranelift,pooling-allocator,\
                                 parallel-compilation,backtrace,threads,clap/default";

/// Optimised like everything else here, but without link-time optimisation, which takes longer than
/// the rest of it.
const WASMTIME_PROFILE: &[(&str, &str)] = &[
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
];

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
    installed(root, "oha", "oha", OHA, &[], &[])
}

/// wasmtime's command, in the version of the library that the host is made with.
pub(super) fn wasmtime(root: &Path) -> anyhow::Result<PathBuf> {
    let version = machine::locked(root, "wasmtime")?;
    let features = ["--no-default-features", "--features", WASMTIME_FEATURES];
    installed(
        root,
        "wasmtime-cli",
        "wasmtime",
        &version,
        &features,
        WASMTIME_PROFILE,
    )
}

/// A program from crates.io, compiled into `target/bench/tools` unless it is there already.
fn installed(
    root: &Path,
    package: &str,
    program: &str,
    version: &str,
    options: &[&str],
    profile: &[(&str, &str)],
) -> anyhow::Result<PathBuf> {
    let bench = root.join("target/bench");
    let tools = bench.join("tools");
    let path = tools.join("bin").join(program);
    if let Ok(output) = Command::new(&path).arg("--version").output()
        && String::from_utf8_lossy(&output.stdout).contains(version)
    {
        return Ok(path);
    }
    eprintln!("compiling {package} {version} from crates.io, which takes minutes");
    // Not cargo's temporary folder: what is interrupted goes on where it was.
    let build = bench.join("build");
    let mut command = cargo(root);
    command.args(["install", package, "--locked", "--version"]);
    command.arg(format!("={version}")).arg("--root").arg(&tools);
    command.arg("--target-dir").arg(&build).args(options);
    command.envs(profile.iter().copied());
    if !command.status().context("cannot start cargo")?.success() {
        bail!(
            "cannot compile {package} {version}; where crates.io is out of reach, put `{program}` \
             of that version into {}",
            tools.join("bin").display()
        );
    }
    std::fs::remove_dir_all(&build).ok();
    Ok(path)
}
