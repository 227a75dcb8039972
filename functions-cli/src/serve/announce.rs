//! Announces on standard output where the command listens.

use std::io::{self, Write as _};
use std::thread;

/// Writes lines to standard output from a separate thread. A pipe that is full or closed neither
/// blocks nor ends the server.
pub(crate) fn announce(lines: String) {
    let lost = lines.lines().next().unwrap_or_default().to_owned();
    let thread = thread::Builder::new().name("functions-announce".into());
    let spawned = thread.spawn(move || {
        if let Err(error) = write(&lines) {
            let first = lines.lines().next().unwrap_or_default();
            tracing::warn!("cannot write to standard output: {error}; {first}");
        }
    });
    if let Err(error) = spawned {
        tracing::warn!("cannot start a thread: {error}; {lost}");
    }
}

fn write(lines: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(lines.as_bytes())?;
    stdout.flush()
}
