//! Looks now and then whether what was reset is as it was at first: isolation rests on it.

use std::fmt::Arguments;
use std::io::Write as _;
use std::sync::mpsc;
use std::time::Duration;

/// How long the message of an abort may take to be written: who should read it may not.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Whether to look this time, as often as once in `every` times; never with 0. Nobody can tell
/// beforehand which time that is.
pub(crate) fn is_due(every: u32) -> bool {
    every > 0 && fastrand::u32(..every) == 0
}

/// Ends the process: something of one request would be there for another, and of how much more nobody
/// can say.
pub(crate) fn abort(function: &str, difference: Arguments<'_>) -> ! {
    let message = format!(
        "fatal: the isolation of function {function:?} failed: after a reset, {difference}. Set \
         --reuse never, and report it as docs/security.md says\n"
    );
    let (pagemap, wait) = mpsc::channel();
    let write = move || {
        let _ = std::io::stderr().write_all(message.as_bytes());
        let _ = pagemap.send(());
    };
    if std::thread::Builder::new().spawn(write).is_ok() {
        let _ = wait.recv_timeout(LAST_WORDS);
    }
    std::process::abort();
}
