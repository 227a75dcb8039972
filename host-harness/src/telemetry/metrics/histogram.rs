use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::snapshot::Histogram;

/// The upper bounds of all buckets but the last, which has none.
const BOUNDS: [Duration; 12] = [
    Duration::from_micros(10),
    Duration::from_micros(50),
    Duration::from_micros(100),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(10),
];

/// The bounds in nanoseconds.
#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "evaluated by the compiler"
)]
const NANOSECONDS: [u64; BOUNDS.len()] = {
    let mut nanoseconds = [0; BOUNDS.len()];
    let mut index = 0;
    while index < BOUNDS.len() {
        nanoseconds[index] = BOUNDS[index].as_nanos() as u64;
        index += 1;
    }
    nanoseconds
};

/// Counts durations by size.
#[derive(Default)]
pub(super) struct Buckets {
    buckets: [AtomicU64; BOUNDS.len() + 1],
    nanoseconds: AtomicU64,
}

impl Buckets {
    pub(super) fn observe(&self, duration: Duration) {
        let seconds = duration.as_secs().saturating_mul(1_000_000_000);
        let nanoseconds = seconds.saturating_add(u64::from(duration.subsec_nanos()));
        let bucket = NANOSECONDS.iter().position(|bound| nanoseconds <= *bound);
        if let Some(bucket) = self.buckets.get(bucket.unwrap_or(BOUNDS.len())) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// Adds what was counted here to a histogram.
    pub(super) fn add_to(&self, histogram: &mut Histogram) {
        let bounds = BOUNDS.iter().copied().map(Some).chain([None]);
        for (index, (bound, bucket)) in bounds.zip(&self.buckets).enumerate() {
            let count = bucket.load(Ordering::Relaxed);
            match histogram.buckets.get_mut(index) {
                Some((_, sum)) => *sum += count,
                None => histogram.buckets.push((bound, count)),
            }
        }
        histogram.sum += Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A duration counts in the first bucket whose bound it does not exceed.
    #[test]
    fn durations_are_counted_by_size() {
        let buckets = Buckets::default();
        for nanoseconds in [0, 10_000, 10_001, 1_000_000_000, 10_000_000_001] {
            buckets.observe(Duration::from_nanos(nanoseconds));
        }
        let mut histogram = Histogram::default();
        buckets.add_to(&mut histogram);
        let counts: Vec<_> = histogram.buckets.iter().map(|(_, count)| *count).collect();
        assert_eq!(counts, [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1]);
        assert_eq!(histogram.count(), 5);
        assert_eq!(histogram.sum, Duration::from_nanos(11_000_020_002));
        buckets.add_to(&mut histogram);
        assert_eq!(histogram.count(), 10);
        assert_eq!(histogram.buckets.len(), 13);
    }
}
