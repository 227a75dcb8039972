//! A server in a process of its own, and what Linux knows of that.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A process that says on its first line where it listens. It ends with this.
pub(super) struct Process {
    pub(super) address: SocketAddr,
    child: Child,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    pub(super) fn start(program: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(program)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let stdout = child.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut first).unwrap();
        let address = first.trim().strip_prefix("listening on http://").unwrap();
        Self {
            address: address.parse().unwrap(),
            child,
        }
    }

    /// The time it has computed, in itself and in the kernel.
    pub(super) fn cpu(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let nanoseconds = tasks.map(|task| {
            let of_task = fs::read_to_string(task.unwrap().path().join("schedstat")).unwrap();
            let on_cpu = of_task.split(' ').next().unwrap();
            on_cpu.parse::<u64>().unwrap()
        });
        Duration::from_nanos(nanoseconds.sum())
    }

    /// What it has of the machine's memory, in bytes.
    pub(super) fn memory(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// The most that it had since that was last forgotten.
    pub(super) fn peak_memory(&self) -> u64 {
        self.status("VmHWM:")
    }

    pub(super) fn forget_peak(&self) {
        fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").unwrap();
    }

    fn status(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        let kibibytes = line.split_whitespace().nth(1).unwrap();
        kibibytes.parse::<u64>().unwrap() * 1024
    }
}
