//! Counts which paths instances and memories take, so that the fuzzer can show that it met them.

use std::sync::atomic::{AtomicU64, Ordering};

use super::seeded_bugs;

/// A path that an instance or a memory can take.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Created,
    Reused,
    ResetWithoutFaults,
    ResetAfterRefresh,
    ResetByDecommit,
    SlotClearedWithoutFaults,
    SlotClearedAfterRefresh,
    SlotHandedOver,
}

const NAMES: [&str; 8] = [
    "created",
    "reused",
    "reset without faults",
    "reset after a refresh",
    "reset by decommit",
    "slot cleared without faults",
    "slot cleared after a refresh",
    "slot handed over",
];

static COUNTS: [AtomicU64; NAMES.len()] = [const { AtomicU64::new(0) }; NAMES.len()];

/// Counts one path. Does nothing outside tests and the fuzzer.
pub(crate) fn count(way: Way) {
    if seeded_bugs::can_be_on()
        && let Some(count) = COUNTS.get(way as usize)
    {
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Each path by name, with how often this process took it.
#[cfg(feature = "fuzzing")]
pub(crate) fn counts() -> impl Iterator<Item = (&'static str, u64)> {
    let counts = COUNTS.iter().map(|count| count.load(Ordering::Relaxed));
    NAMES.into_iter().zip(counts)
}
