//! Coverage points of instances and memories: the fuzzer shows that it reached each of them.

use std::sync::atomic::{AtomicU64, Ordering};

use super::seeded_bugs;

/// A step of an instance or a memory.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Point {
    Created,
    Reused,
    ResetWithoutFaults,
    ResetAfterRefresh,
    ResetByDecommit,
    SlotClearedWithoutFaults,
    SlotClearedAfterRefresh,
    SlotTransferred,
}

const NAMES: [&str; 8] = [
    "created",
    "reused",
    "reset without faults",
    "reset after a refresh",
    "reset by decommit",
    "slot cleared without faults",
    "slot cleared after a refresh",
    "slot transferred",
];

static COUNTS: [AtomicU64; NAMES.len()] = [const { AtomicU64::new(0) }; NAMES.len()];

/// Counts that a point was reached. Does nothing outside tests and the fuzzer.
pub(crate) fn count(point: Point) {
    if seeded_bugs::can_be_on()
        && let Some(count) = COUNTS.get(point as usize)
    {
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Each point by name, with how often this process reached it.
#[cfg(feature = "fuzzing")]
pub(crate) fn counts() -> impl Iterator<Item = (&'static str, u64)> {
    let counts = COUNTS.iter().map(|count| count.load(Ordering::Relaxed));
    NAMES.into_iter().zip(counts)
}
