//! The signals that ask this process to stop.

use std::ffi::c_int;
use std::fs;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// SIGINT (Ctrl-C), SIGTERM, and SIGHUP of a terminal that is closed, unless the process was started to
/// outlive that (`nohup`).
pub(crate) fn stop_signals() -> Vec<c_int> {
    let mut signals = vec![SIGINT, SIGTERM];
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if ignored(&status).is_some_and(|ignored| ignored & (1 << (SIGHUP - 1)) == 0) {
        signals.push(SIGHUP);
    }
    signals
}

/// The signals that a process ignores, of `/proc/PID/status`: the lowest bit is signal 1.
fn ignored(status: &str) -> Option<u64> {
    let mut lines = status.lines();
    let mask = lines.find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read() {
        let status = "Name:\tx\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n";
        assert_eq!(ignored(status), Some(0x1001));
        assert_eq!(ignored("Name:\tx\n"), None);
    }
}
