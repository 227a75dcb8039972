//! Writes to a process and reads its output, until a deadline.

use std::io::{self, Read, Write as _};
use std::process::{Child, ExitStatus};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How much of the child's standard error is reported, in bytes.
const MAX_MESSAGE: usize = 2048;

/// How often to poll for the end of the process once its output has ended.
const POLL_INTERVAL: Duration = Duration::from_millis(1);

/// The output of a process, and its exit status; `None` if it was killed.
pub(super) struct Exchange {
    pub(super) output: Vec<u8>,
    pub(super) message: String,
    pub(super) status: Option<ExitStatus>,
}

/// Writes the input of a process and reads its output, until it ends or the deadline passes.
pub(super) fn exchange(child: &mut Child, input: &[u8], deadline: Instant) -> io::Result<Exchange> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (done, output_ended) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let start = || thread::Builder::new().name("compile".into());
        // If the process ended before it read everything, its exit status tells why.
        start().spawn_scoped(scope, move || stdin.map(|mut stdin| stdin.write_all(input)))?;
        let output = start().spawn_scoped(scope, move || {
            let output = read_prefix(stdout, usize::MAX);
            drop(done);
            output
        })?;
        let message = start().spawn_scoped(scope, move || read_prefix(stderr, MAX_MESSAGE))?;
        let left = deadline.saturating_duration_since(Instant::now());
        let in_time = output_ended.recv_timeout(left) == Err(mpsc::RecvTimeoutError::Disconnected);
        let status = if in_time {
            end_by(child, deadline)?
        } else {
            None
        };
        if status.is_none() {
            child.kill()?;
            child.wait()?;
        }
        let panicked = |_| io::Error::other("a thread panicked");
        let message = message.join().map_err(panicked)??;
        Ok(Exchange {
            output: output.join().map_err(panicked)??,
            message: String::from_utf8_lossy(&message).into_owned(),
            status,
        })
    })
}

/// Reads to the end, and returns the first `max` bytes.
fn read_prefix(from: Option<impl Read>, max: usize) -> io::Result<Vec<u8>> {
    let mut read = Vec::new();
    if let Some(mut from) = from {
        from.by_ref()
            .take(u64::try_from(max).unwrap_or(u64::MAX))
            .read_to_end(&mut read)?;
        io::copy(&mut from, &mut io::sink())?;
    }
    Ok(read)
}

/// Waits until a process that has written everything ends.
fn end_by(child: &mut Child, deadline: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        let status = child.try_wait()?;
        if status.is_some() || Instant::now() >= deadline {
            return Ok(status);
        }
        thread::sleep(POLL_INTERVAL);
    }
}
