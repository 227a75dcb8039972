//! Bugs that are put in on purpose, one at a time, to see whether the fuzzer and the tests find them.
//!
//! `cargo xtask fuzz --bug N` turns one on. Outside of tests and of the feature `fuzzing`, which does not
//! compile in release builds, all of this is a constant `false`.

#[cfg(all(feature = "fuzzing", not(debug_assertions)))]
compile_error!(
    "the feature `fuzzing` puts bugs into the host on purpose; build it without --release"
);

use std::sync::atomic::{AtomicU8, Ordering};

/// One bug, by its number on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Bug {
    /// Takes it that no page was written to for the first time, within one poll.
    FaultsIgnored = 1,
    /// Takes every instruction for one that changes memory and globals only.
    InstructionsUnchecked = 2,
    /// Does not set the first of the mutable globals.
    FirstGlobalKept = 3,
    /// Reuses an instance that still has a handle.
    HandlesKept = 4,
    /// Compares page faults across polls, and so across threads.
    PollsIgnored = 5,
    /// Reuses an instance whose memory has grown.
    GrownMemoryKept = 6,
    /// Clears only the first eight parts of a memory that were written to.
    PartsLeft = 7,
    /// Does not clear pages that the kernel has swapped out.
    SwappedIgnored = 8,
}

static SEEDED: AtomicU8 = AtomicU8::new(0);

pub(crate) const fn can_be_on() -> bool {
    cfg!(any(test, feature = "fuzzing"))
}

/// Whether a bug is on: never, but in tests and in the fuzzer.
pub(crate) fn is_on(bug: Bug) -> bool {
    can_be_on() && SEEDED.load(Ordering::Relaxed) == bug as u8
}

/// Turns a bug on for the whole process; 0 is none.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn seed(number: u8) {
    SEEDED.store(number, Ordering::Relaxed);
}
