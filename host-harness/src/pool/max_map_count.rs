//! The kernel's limit on the number of mappings of a process: `vm.max_map_count`.

/// The most mappings of one slot. A memory takes three (initial, grown, inaccessible), a stack two,
/// and a memory that grows in steps one more.
const MAPPINGS_PER_SLOT: usize = 6;

/// Warns if a fully loaded host could need more mappings than the kernel allows. Requests beyond
/// that would fail one by one while others wait.
pub(super) fn check(slots: usize) {
    let allowed = std::fs::read_to_string("/proc/sys/vm/max_map_count");
    let allowed = allowed.ok().and_then(|text| text.trim().parse().ok());
    if let Some(allowed) = allowed
        && let Some(needed) = needed_beyond(slots, allowed)
    {
        tracing::warn!(
            "{slots} concurrent instances may need {needed} mappings, but the kernel allows {allowed}; \
             requests past that fail. Lower --max-concurrency or --max-depth, or raise the limit \
             (sysctl -w vm.max_map_count={needed})",
        );
    }
}

/// The number of mappings that the slots need, if it exceeds the limit.
fn needed_beyond(slots: usize, allowed: usize) -> Option<usize> {
    let needed = slots.saturating_mul(MAPPINGS_PER_SLOT);
    (needed > allowed).then_some(needed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Linux's default limit is enough for the default settings, which take 4264 slots.
    #[test]
    fn default_slots_fit_default_limit() {
        assert_eq!(needed_beyond(4264, 65_530), None);
        assert_eq!(needed_beyond(10_921, 65_530), None);
        assert_eq!(needed_beyond(10_922, 65_530), Some(65_532));
        assert_eq!(needed_beyond(usize::MAX, 65_530), Some(usize::MAX));
    }
}
