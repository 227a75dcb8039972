use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Prints a line, and ignores a closed standard output.
macro_rules! say {
    ($($text:tt)*) => {
        let _ = writeln!(std::io::stdout(), $($text)*);
    };
}

/// The maximum number of printed differences.
const SHOWN: u64 = 10;

/// The counts of comparisons and differences.
pub(crate) struct Report {
    bug: u8,
    comparisons: AtomicU64,
    differences: AtomicU64,
    functions: Mutex<BTreeMap<String, u64>>,
}

impl Report {
    pub(crate) fn new(bug: u8) -> Self {
        Self {
            bug,
            comparisons: AtomicU64::new(0),
            differences: AtomicU64::new(0),
            functions: Mutex::default(),
        }
    }

    pub(crate) fn begin(&self, seed: u64) {
        say!("from seed {seed} on");
    }

    pub(crate) fn compared(&self, times: u64) {
        self.comparisons.fetch_add(times, Ordering::Relaxed);
    }

    pub(crate) fn differences(&self) -> u64 {
        self.differences.load(Ordering::Relaxed)
    }

    /// Counts a function by its outcome.
    pub(crate) fn function(&self, what: impl Into<String>) {
        let mut functions = self
            .functions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *functions.entry(what.into()).or_default() += 1;
    }

    /// Prints a difference, with the command to reproduce it.
    pub(crate) fn difference(&self, seed: u64, what: &str) {
        if self.differences.fetch_add(1, Ordering::Relaxed) >= SHOWN {
            return;
        }
        let bug = match self.bug {
            0 => String::new(),
            bug => format!(" --bug {bug}"),
        };
        say!("DIFFERENCE: {what}\n  again: cargo xtask fuzz --seed {seed}{bug}");
    }

    pub(crate) fn print(&self, after: Duration, seed: u64) {
        let comparisons = self.comparisons.load(Ordering::Relaxed);
        let differences = self.differences();
        let seconds = after.as_secs();
        say!("{seconds} s, seed {seed}: {comparisons} comparisons, {differences} differences");
        for (way, count) in host_harness::fuzzing::coverage() {
            say!("  instances and slots: {count:>9} {way}");
        }
        let functions = self
            .functions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for (what, count) in functions.iter() {
            say!("  functions: {count:>6} {what}");
        }
    }
}
