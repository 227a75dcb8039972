//! Which ways instances went, counted for the fuzzer: one that never met a reset has found nothing.

use std::sync::atomic::{AtomicU64, Ordering};

use super::seeded_bugs;

/// A way that an instance or a memory can go.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Created,
    Reused,
    ResetWithoutFaults,
    ResetAfterLook,
    ResetByDecommit,
    SlotClearedWithoutFaults,
    SlotClearedAfterLook,
    SlotHandedOver,
}

const NAMES: [&str; 8] = [
    "created",
    "reused",
    "reset without faults",
    "reset after a look",
    "reset by decommit",
    "slot cleared without faults",
    "slot cleared after a look",
    "slot handed over",
];

static COUNTS: [AtomicU64; NAMES.len()] = [const { AtomicU64::new(0) }; NAMES.len()];

/// Does nothing outside of tests and of the fuzzer.
pub(crate) fn count(way: Way) {
    if seeded_bugs::can_be_on()
        && let Some(count) = COUNTS.get(way as usize)
    {
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// All ways by name, with how often each was met in this process.
#[cfg(feature = "fuzzing")]
pub(crate) fn counts() -> impl Iterator<Item = (&'static str, u64)> {
    let counts = COUNTS.iter().map(|count| count.load(Ordering::Relaxed));
    NAMES.into_iter().zip(counts)
}
