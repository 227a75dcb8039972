//! The `functions` command, as a process.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// The command with its arguments, without a cache, so that tests share no state with each other or the user.
pub(crate) fn functions(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_functions"));
    command.args(arguments).env("FUNCTIONS_NO_CACHE", "true");
    command.env_remove("FUNCTIONS_CACHE");
    command
}

/// Runs the command to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    functions(arguments).stdin(Stdio::null()).output().unwrap()
}

/// Sends a signal, such as `TERM`.
pub(crate) fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let kill = Command::new("kill").args(["-s", name, &id]).status();
    assert!(kill.unwrap().success());
}

/// Waits for a process to end, and no longer than a minute.
pub(crate) fn wait(child: &mut Child) -> ExitStatus {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "it never ends");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A serving command, which ends with the test.
pub(crate) struct Serving {
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Serving {
    /// Starts the command, and waits for its first line.
    pub(crate) fn start(command: Command) -> Self {
        Self::start_with(command, Stdio::piped())
    }

    /// The same with any standard error.
    pub(crate) fn start_with(command: Command, stderr: impl Into<Stdio>) -> Self {
        Self::spawn(command, stderr, 1).0
    }

    /// Starts the command, and waits for its first lines.
    pub(crate) fn start_lines(command: Command, count: usize) -> (Self, Vec<String>) {
        Self::spawn(command, Stdio::piped(), count)
    }

    fn spawn(mut command: Command, stderr: impl Into<Stdio>, count: usize) -> (Self, Vec<String>) {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.as_mut().unwrap());
        let lines: Vec<String> = stdout.lines().take(count).map(Result::unwrap).collect();
        let first = lines.first().map_or("", String::as_str);
        let Some(address) = first.strip_prefix("listening on http://") else {
            child.kill().unwrap();
            let mut why = String::new();
            if let Some(mut stderr) = child.stderr.take() {
                stderr.read_to_string(&mut why).unwrap();
            }
            panic!("its first line was {first:?}, and it said {why}");
        };
        let address = address.trim().parse().unwrap();
        (Self { address, child }, lines)
    }

    /// Takes the standard error, to read or close it.
    pub(crate) fn stderr(&mut self) -> ChildStderr {
        self.child.stderr.take().unwrap()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Whether the command still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for the end, without reading the output.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        wait(&mut self.child)
    }

    /// Waits for the end; returns the output, standard error included.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        let mut said = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        (self.child.wait().unwrap(), said)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
