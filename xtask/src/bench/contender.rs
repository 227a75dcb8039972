//! A server that is measured, as a process.

use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};

use super::cores;

/// Clock ticks a second, the unit of CPU time in `/proc`; the same on every Linux machine.
const TICKS: f64 = 100.0;

/// A running server, which is killed when it is dropped.
pub(super) struct Contender {
    pub(super) name: String,
    process: Child,
    url: String,
}

/// The stream to which a server writes its address.
#[derive(Clone, Copy)]
pub(super) enum Says {
    Stdout,
    Stderr,
}

impl Contender {
    /// Starts a server on its processor, and waits for its address.
    pub(super) fn start(
        name: impl Into<String>,
        program: &Path,
        arguments: &[String],
        says: Says,
    ) -> anyhow::Result<Self> {
        let mut command = cores::pinned(cores::SERVER, program);
        command.args(arguments);
        Self::spawn(name.into(), command, says)
    }

    /// Starts a server on all processors, and waits for its address on standard output. What it logs is dropped.
    pub(super) fn start_anywhere(
        name: impl Into<String>,
        program: &Path,
        arguments: &[String],
    ) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        command.args(arguments).stderr(Stdio::null());
        Self::spawn(name.into(), command, Says::Stdout)
    }

    fn spawn(name: String, mut command: Command, says: Says) -> anyhow::Result<Self> {
        command.stdin(Stdio::null());
        match says {
            Says::Stdout => command.stdout(Stdio::piped()),
            Says::Stderr => command.stderr(Stdio::piped()).stdout(Stdio::null()),
        };
        let mut process = command
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let output: Option<Box<dyn Read + Send>> = match says {
            Says::Stdout => process.stdout.take().map(|out| Box::new(out) as _),
            Says::Stderr => process.stderr.take().map(|out| Box::new(out) as _),
        };
        let mut contender = Self {
            name,
            process,
            url: String::new(),
        };
        let output = output.context("the server has no piped output")?;
        contender.url = contender.listening(output)?;
        Ok(contender)
    }

    /// Reads until a line has a URL. A thread reads the rest, because a full pipe would block the server.
    fn listening(&self, output: Box<dyn Read + Send>) -> anyhow::Result<String> {
        let mut lines = BufReader::new(output);
        let mut said = String::new();
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line)? == 0 {
                bail!(
                    "{} ended before it listened, with the output:\n{said}",
                    self.name
                );
            }
            if let Some(url) = url_in(&line) {
                std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
                return Ok(url);
            }
            said.push_str(&line);
        }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Host and port.
    pub(super) fn authority(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// The CPU time of all threads of the server.
    pub(super) fn cpu_time(&self) -> anyhow::Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // The program's name is in parentheses, and may contain any character.
        let fields = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        let ticks: Vec<f64> = fields
            .split(' ')
            .skip(11)
            .take(2)
            .map_while(|field| field.parse().ok())
            .collect();
        Ok(Duration::from_secs_f64(ticks.iter().sum::<f64>() / TICKS))
    }

    /// The most memory that the server has had, in bytes.
    pub(super) fn memory_peak(&self) -> anyhow::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|size| size.trim().trim_end_matches("kB").trim().parse().ok());
        kib.map(|kib: u64| kib * 1024).context("no VmHWM")
    }

    /// The server's `smaps`.
    pub(super) fn memory_map(&self) -> anyhow::Result<String> {
        Ok(fs::read_to_string(format!(
            "/proc/{}/smaps",
            self.process.id()
        ))?)
    }

    /// The bytes that the server has in memory files (memfd).
    pub(super) fn memory_files(&self) -> anyhow::Result<u64> {
        let mut bytes = 0;
        for file in fs::read_dir(format!("/proc/{}/fd", self.process.id()))? {
            let path = file?.path();
            let name = fs::read_link(&path)?;
            if name.to_string_lossy().starts_with("/memfd:") {
                // `blocks` counts 512 bytes each, whatever the file system's block size is.
                bytes += fs::metadata(path)?.blocks() * 512;
            }
        }
        Ok(bytes)
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The address in a line such as `listening on http://127.0.0.1:8080`.
fn url_in(line: &str) -> Option<String> {
    let start = line.find("http://")?;
    let url = line.get(start..)?.split_whitespace().next()?;
    Some(url.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The URL is found in the lines of the host and of `wasmtime serve`.
    #[test]
    fn urls() {
        let found = Some("http://127.0.0.1:80".to_owned());
        assert_eq!(url_in("listening on http://127.0.0.1:80\n"), found);
        assert_eq!(url_in("Serving HTTP on http://127.0.0.1:80/\n"), found);
        assert_eq!(url_in("starting\n"), None);
    }
}
