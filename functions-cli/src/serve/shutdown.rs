//! Handles the signals that stop the host.
//!
//! A separate thread waits for the signals. It can end the process even if the runtime's threads, on
//! which the host would shut down in order, hang.

use std::io;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use signal_hook::iterator::Signals;
use signal_hook::low_level;
use tokio::sync::oneshot;

use crate::child;
use crate::report::{CUT, STOPPED};
use crate::stop_signals::stop_signals;
use host_harness::stderr;

/// How much longer than its grace period a host may take to stop.
const MARGIN: Duration = Duration::from_secs(5);

/// How long writing the last log lines may take if the process ends at once.
const LAST_LINES: Duration = Duration::from_millis(250);

/// SIGINT (Ctrl-C), SIGTERM, and SIGHUP unless it is ignored.
///
/// The first signal ends a process that does not serve yet, and stops one that does. The second ends
/// the process.
pub(crate) struct StopSignals {
    phase: Arc<Mutex<Phase>>,
}

enum Phase {
    Starting,
    Serving {
        stop: oneshot::Sender<()>,
        grace: Duration,
    },
    Stopping,
}

impl StopSignals {
    /// Handles the signals from here on, instead of their default action. This also works for process 1
    /// of a container, which ignores them by default.
    pub(crate) fn listen() -> io::Result<Self> {
        let mut signals = Signals::new(stop_signals())?;
        let phase = Arc::new(Mutex::new(Phase::Starting));
        let handled = Arc::clone(&phase);
        let thread = thread::Builder::new().name("functions-signals".into());
        thread.spawn(move || {
            for _ in signals.forever() {
                on_signal(&handled);
            }
        })?;
        Ok(Self { phase })
    }

    /// From here on the first signal resolves the returned receiver. The host then has to stop within the
    /// grace period, or little more.
    pub(crate) fn serving(&self, grace: Duration) -> oneshot::Receiver<()> {
        let (stop, stopped) = oneshot::channel();
        *lock(&self.phase) = Phase::Serving { stop, grace };
        stopped
    }
}

fn on_signal(phase: &Mutex<Phase>) {
    // The terminal's Ctrl-C does not reach them.
    child::end_all();
    let phase = mem::replace(&mut *lock(phase), Phase::Stopping);
    match phase {
        Phase::Starting => {
            stderr::write_notice("stopped before it served");
            end(STOPPED);
        }
        Phase::Serving { stop, grace } => {
            stderr::write_notice(
                "stopping; waiting for running requests (stop again to cut them off)",
            );
            // Sending fails if the host is ending already.
            let _ = stop.send(());
            end_after(grace);
        }
        Phase::Stopping => {
            stderr::write_notice("running requests were cut off");
            end(CUT);
        }
    }
}

/// Ends the process if the host has not stopped by then.
fn end_after(grace: Duration) {
    let thread = thread::Builder::new().name("functions-grace".into());
    let spawned = thread.spawn(move || {
        thread::sleep(grace.saturating_add(MARGIN));
        stderr::write_notice("the host did not stop in time; running requests were cut off");
        end(CUT);
    });
    if let Err(error) = spawned {
        tracing::warn!("cannot start the thread that ends a hanging host: {error}");
    }
}

fn end(code: u8) -> ! {
    stderr::flush(LAST_LINES);
    low_level::exit(code.into())
}

fn lock(phase: &Mutex<Phase>) -> MutexGuard<'_, Phase> {
    phase.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Child, Command, Stdio};

    use super::*;

    /// Runs one of the tests below in a separate process, until it reports that it is ready.
    fn process(test: &str) -> Child {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture"])
            .arg(format!("serve::shutdown::tests::{test}"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.as_mut().unwrap());
        assert!(stdout.lines().any(|line| line.unwrap().ends_with("ready")));
        child
    }

    fn signal(child: &Child) {
        let id = child.id().to_string();
        let kill = Command::new("kill").args(["-s", "TERM", &id]).status();
        assert!(kill.unwrap().success());
    }

    /// Blocks all threads forever, as code that hangs would.
    fn block(grace: Duration) -> ! {
        let signals = StopSignals::listen().unwrap();
        let _stopped = signals.serving(grace);
        println!("\nready");
        loop {
            thread::park();
        }
    }

    #[test]
    #[ignore = "a process of the tests below"]
    fn blocked() {
        block(Duration::from_secs(3600));
    }

    #[test]
    #[ignore = "a process of the tests below"]
    fn blocked_without_grace() {
        block(Duration::ZERO);
    }

    /// A second signal ends the process, whatever its other threads do.
    #[test]
    fn second_signal_ends_a_blocked_process() {
        let mut child = process("blocked");
        signal(&child);
        // Two signals in quick succession count as one.
        thread::sleep(Duration::from_millis(200));
        assert!(
            child.try_wait().unwrap().is_none(),
            "one signal is not enough"
        );
        signal(&child);
        assert_eq!(child.wait().unwrap().code(), Some(CUT.into()));
    }

    /// One signal is enough if the grace period is over and the host has not stopped.
    #[test]
    fn end_of_grace_ends_a_blocked_process() {
        let mut child = process("blocked_without_grace");
        signal(&child);
        assert_eq!(child.wait().unwrap().code(), Some(CUT.into()));
    }
}
