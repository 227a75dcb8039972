//! Samples resets, and verifies that the instance is back in its initial state. Isolation rests on
//! it.

use std::fmt::Arguments;
use std::io::Write as _;
use std::sync::mpsc;
use std::time::Duration;

/// The time limit for writing the abort message: standard error may be a full pipe.
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(1);

/// Whether to verify this time: on average once in `every` times, never with 0. The choice is
/// random, so no function can predict it.
pub(crate) fn is_due(every: u32) -> bool {
    every > 0 && fastrand::u32(..every) == 0
}

/// Aborts the process. Data of one request would reach another, and the extent is unknown.
pub(crate) fn abort(function: &str, difference: Arguments<'_>) -> ! {
    let message = format!(
        "fatal: the isolation of function {function:?} failed: after a reset, {difference}. Set \
         --reuse never, and report it as docs/security.md says\n"
    );
    let (written, wait_written) = mpsc::channel();
    let write = move || {
        let _ = std::io::stderr().write_all(message.as_bytes());
        let _ = written.send(());
    };
    if std::thread::Builder::new().spawn(write).is_ok() {
        let _ = wait_written.recv_timeout(MESSAGE_TIMEOUT);
    }
    std::process::abort();
}
