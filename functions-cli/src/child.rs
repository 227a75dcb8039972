//! Child processes that end with this one, with all processes that they started.

use std::collections::BTreeSet;
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read as _};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use signal_hook::iterator::Signals;

use crate::stop_signals::stop_signals;

/// The groups of child processes that run.
static GROUPS: Mutex<Groups> = Mutex::new(Groups {
    ids: BTreeSet::new(),
    is_ending: false,
});

struct Groups {
    ids: BTreeSet<u32>,
    /// This process is about to end: no child may start any more.
    is_ending: bool,
}

fn groups() -> MutexGuard<'static, Groups> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A child process in a process group of its own. Dropping it ends the group.
#[derive(Debug)]
pub(crate) struct ChildGroup {
    child: Child,
}

impl ChildGroup {
    /// Starts a process. A Ctrl-C of the terminal does not reach it: [`end_all`] ends it.
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let mut groups = groups();
        if groups.is_ending {
            return Err(io::Error::new(
                ErrorKind::Interrupted,
                "this process is about to end",
            ));
        }
        let child = command.spawn()?;
        groups.ids.insert(child.id());
        Ok(Self { child })
    }

    /// Its output, which has to be piped.
    pub(crate) fn pipes(&mut self) -> Pipes {
        Pipes {
            stdout: self.child.stdout.take(),
            stderr: self.child.stderr.take(),
        }
    }

    /// Waits until the process has ended.
    pub(crate) fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait();
        groups().ids.remove(&self.child.id());
        status
    }
}

/// The output of a process.
#[derive(Debug)]
pub(crate) struct Pipes {
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
}

impl Pipes {
    /// Reads both to their ends, and shows every line of standard error as it comes.
    pub(crate) fn read(self, show: impl Fn(&str)) -> io::Result<(String, String)> {
        let stdout = self.stdout;
        let printing = thread::Builder::new().spawn(move || {
            let mut printed = Vec::new();
            stdout.map_or(Ok(0), |mut stdout| stdout.read_to_end(&mut printed))?;
            Ok::<_, io::Error>(printed)
        })?;
        let mut said = String::new();
        if let Some(stderr) = self.stderr {
            let mut stderr = BufReader::new(stderr);
            let mut line = Vec::new();
            while stderr.read_until(b'\n', &mut line)? > 0 {
                let text = String::from_utf8_lossy(&line);
                show(text.trim_end());
                said.push_str(&text);
                line.clear();
            }
        }
        let printed = printing.join().unwrap_or_else(|_| Ok(Vec::new()))?;
        Ok((String::from_utf8_lossy(&printed).into_owned(), said))
    }
}

impl Drop for ChildGroup {
    fn drop(&mut self) {
        if groups().ids.contains(&self.child.id()) {
            kill(self.child.id());
            let _ = self.wait();
        }
    }
}

/// Ends all groups, and lets no other start. For the end of this process.
pub(crate) fn end_all() {
    let mut groups = groups();
    groups.is_ending = true;
    groups.ids.iter().for_each(|id| kill(*id));
}

/// From here on, a signal that ends this process ends what it started, too.
pub(crate) fn end_with_signals() -> io::Result<()> {
    let mut signals = Signals::new(stop_signals())?;
    let thread = thread::Builder::new().name("functions-signals".into());
    thread.spawn(move || {
        if let Some(signal) = signals.forever().next() {
            end_all();
            // As shells report it.
            signal_hook::low_level::exit(128 + signal);
        }
    })?;
    Ok(())
}

#[cfg(unix)]
fn kill(group: u32) {
    let group = i32::try_from(group).ok();
    if let Some(group) = group.and_then(rustix::process::Pid::from_raw) {
        // It may have ended already.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

/// On other systems, the terminal's Ctrl-C ends the group.
#[cfg(not(unix))]
fn kill(_: u32) {}
