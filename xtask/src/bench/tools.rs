//! Third-party programs that the benchmarks use, with their versions.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use super::machine;
use crate::workspace::cargo;

/// The version of oha, which sends requests at a constant rate and corrects latencies for delayed
/// requests. `wrk` does neither, and uses less processor time for the same load.
const OHA: &str = "1.16.0";

/// The features that `wasmtime serve` needs; all features take twice as long to compile.
const WASMTIME_FEATURES: &str = "run,serve,component-model-async,cranelift,pooling-allocator,\
                                 parallel-compilation,backtrace,threads,clap/default";

/// Optimized, but without link-time optimization, which takes longer than the rest of the build.
const WASMTIME_PROFILE: &[(&str, &str)] = &[
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
];

/// The path of wrk, which has to be installed.
pub(super) fn wrk() -> anyhow::Result<PathBuf> {
    present("wrk", "--version")
}

/// The path of Valgrind, which has to be installed.
pub(super) fn valgrind() -> anyhow::Result<PathBuf> {
    present("valgrind", "--version")
}

fn present(program: &str, version: &str) -> anyhow::Result<PathBuf> {
    if Command::new(program).arg(version).output().is_err() {
        bail!("`{program}` is not installed: apt-get install {program}");
    }
    Ok(program.into())
}

/// The path of oha, which is compiled if it is missing. It does not compile without TLS.
pub(super) fn oha(root: &Path) -> anyhow::Result<PathBuf> {
    installed(root, "oha", "oha", OHA, &[], &[])
}

/// The path of wasmtime's command, in the version of the library that the host uses.
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

/// The path of a program from crates.io, which is compiled into `target/bench/tools` if it is missing.
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
    // Not cargo's temporary folder, so that an interrupted build can continue.
    let build = bench.join("build");
    let mut command = cargo(root);
    command.args(["install", package, "--locked", "--version"]);
    command.arg(format!("={version}")).arg("--root").arg(&tools);
    command.arg("--target-dir").arg(&build).args(options);
    command.envs(profile.iter().copied());
    if !command.status().context("cannot start cargo")?.success() {
        bail!(
            "cannot compile {package} {version}; without access to crates.io, put `{program}` \
             of that version into {}",
            tools.join("bin").display()
        );
    }
    std::fs::remove_dir_all(&build).ok();
    Ok(path)
}
