//! Which processor does what: servers on the first, the load on the second, so that the load
//! generator costs every contender the same.

use std::process::Command;

use anyhow::ensure;

/// Where every server runs.
pub(super) const SERVER: &str = "0";
/// Where the load comes from.
pub(super) const LOAD: &str = "1";

/// What the results say about it.
pub(super) const STATED: &str =
    "server on processor 0, load on processor 1 (`taskset`), HTTP/1.1 over loopback";

/// Fails where there are none to divide.
pub(super) fn check() -> anyhow::Result<()> {
    let processors = std::thread::available_parallelism()?.get();
    ensure!(
        processors > 1,
        "measuring servers takes two processors, one for the load, and there is {processors}"
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
