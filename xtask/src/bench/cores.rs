//! Assigns processors: servers run on the first, and the load on the second.
//!
//! So the load generator takes no time from any contender.

use std::process::Command;

use anyhow::ensure;

/// The processor of every server.
pub(super) const SERVER: &str = "0";
/// The processor of the load generator.
pub(super) const LOAD: &str = "1";

/// The placement, for the results.
pub(super) const STATED: &str =
    "server on processor 0, load on processor 1 (`taskset`), HTTP/1.1 over loopback";

/// Fails if there is only one processor, or no `taskset`.
pub(super) fn check() -> anyhow::Result<()> {
    let processors = std::thread::available_parallelism()?.get();
    ensure!(
        processors > 1,
        "measuring servers needs two processors, one for the load; found {processors}"
    );
    let there = Command::new("taskset").arg("--version").output();
    ensure!(
        there.is_ok(),
        "`taskset` is not installed: apt-get install util-linux"
    );
    Ok(())
}

/// A command that runs on `cores` only.
pub(super) fn pinned(cores: &str, program: &std::path::Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", cores]).arg(program);
    command
}
