//! How many parts of its address space a process may treat differently: `vm.max_map_count`.

/// The most that one place takes: three of a memory (open from the start, grown, closed), two of a
/// stack, and one more where a memory grew in steps.
const EACH: usize = 6;

/// Warns if a host that is full could need more than the kernel allows: its requests would fail, one by
/// one, where others still wait.
pub(super) fn check(places: usize) {
    let allowed = std::fs::read_to_string("/proc/sys/vm/max_map_count");
    let allowed = allowed.ok().and_then(|text| text.trim().parse().ok());
    if let Some(allowed) = allowed
        && let Some(needed) = beyond(places, allowed)
    {
        tracing::warn!(
            "{places} instances at once may need {needed} mappings, and the kernel allows {allowed}: \
             beyond that, requests fail. Lower --max-concurrency or --max-depth, or raise the limit \
             (sysctl -w vm.max_map_count={needed})",
        );
    }
}

/// How many are needed, if that is more than there may be.
fn beyond(places: usize, allowed: usize) -> Option<usize> {
    let needed = places.saturating_mul(EACH);
    (needed > allowed).then_some(needed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Linux allows unless it is told otherwise is enough for the defaults, which take 4264 places.
    #[test]
    fn enough_is_enough() {
        assert_eq!(beyond(4264, 65_530), None);
        assert_eq!(beyond(10_921, 65_530), None);
        assert_eq!(beyond(10_922, 65_530), Some(65_532));
        assert_eq!(beyond(usize::MAX, 65_530), Some(usize::MAX));
    }
}
