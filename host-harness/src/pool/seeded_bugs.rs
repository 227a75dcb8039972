//! Bugs seeded on purpose, one at a time, to test whether the fuzzer and the tests find them.
//!
//! `cargo xtask fuzz --bug N` enables one. Outside tests and the feature `fuzzing`, which release
//! builds refuse, everything here is a constant `false`.

#[cfg(all(feature = "fuzzing", not(debug_assertions)))]
compile_error!("the feature `fuzzing` seeds bugs into the host; build without --release");

use std::sync::atomic::{AtomicU8, Ordering};

/// A seeded bug, by its number on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Bug {
    /// Assumes that no page was written for the first time within one poll.
    FaultsIgnored = 1,
    /// Assumes that every instruction changes only memory and globals.
    InstructionsUnchecked = 2,
    /// Does not reset the first mutable global.
    FirstGlobalKept = 3,
    /// Reuses an instance that still owns a handle.
    HandlesKept = 4,
    /// Compares page faults across polls, and so across threads.
    PollsIgnored = 5,
    /// Reuses an instance whose memory has grown.
    GrownMemoryKept = 6,
    /// Clears only the first eight written parts of a memory.
    PartsLeft = 7,
    /// Does not clear swapped-out pages.
    SwappedIgnored = 8,
}

static SEEDED: AtomicU8 = AtomicU8::new(0);

pub(crate) const fn can_be_on() -> bool {
    cfg!(any(test, feature = "fuzzing"))
}

/// Whether a bug is enabled: always false outside tests and the fuzzer.
pub(crate) fn is_on(bug: Bug) -> bool {
    can_be_on() && SEEDED.load(Ordering::Relaxed) == bug as u8
}

/// Enables a bug for the whole process; 0 enables none.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn seed(number: u8) {
    SEEDED.store(number, Ordering::Relaxed);
}
