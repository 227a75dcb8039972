//! The machine and the versions of a measurement, for the results.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

/// The machine and the versions, as text.
pub(super) struct Machine {
    pub(super) facts: Vec<(&'static str, String)>,
}

impl Machine {
    pub(super) fn describe(root: &Path) -> anyhow::Result<Self> {
        let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpu.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            (name.trim() == "model name").then(|| value.trim().to_owned())
        });
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split(' ').next().unwrap_or_default();
        Ok(Self {
            facts: vec![
                (
                    "date",
                    said(Command::new("date").args(["-u", "+%F %R UTC"])),
                ),
                ("CPU", model.unwrap_or_else(|| "unknown".into())),
                (
                    "processors",
                    std::thread::available_parallelism()?.to_string(),
                ),
                ("kernel", format!("Linux {}", kernel.trim())),
                ("load before", load.to_owned()),
                ("rustc", said(Command::new("rustc").arg("--version"))),
                ("wasmtime", locked(root, "wasmtime")?),
                ("hyper", locked(root, "hyper")?),
                ("commit", commit(root)),
            ],
        })
    }
}

/// The version of a package in the workspace's lock file.
pub(super) fn locked(root: &Path, package: &str) -> anyhow::Result<String> {
    let lock = fs::read_to_string(root.join("Cargo.lock"))?;
    let mut lines = lock.lines();
    let name = format!("name = \"{package}\"");
    lines.find(|line| *line == name);
    let version = lines.next().and_then(|line| {
        let version = line.strip_prefix("version = \"")?;
        version.strip_suffix('"')
    });
    let version = version.with_context(|| format!("{package} is not in Cargo.lock"))?;
    Ok(version.to_owned())
}

fn commit(root: &Path) -> String {
    let git = |arguments: &[&str]| said(Command::new("git").current_dir(root).args(arguments));
    let changed = if git(&["status", "--porcelain"]).is_empty() {
        ""
    } else {
        ", with changes"
    };
    format!("{}{changed}", git(&["rev-parse", "--short", "HEAD"]))
}

/// The output of a command; empty if it cannot be run.
fn said(command: &mut Command) -> String {
    let output = command.output().map(|output| output.stdout);
    let text = String::from_utf8_lossy(&output.unwrap_or_default()).into_owned();
    text.trim().to_owned()
}
