//! When a failed attempt is tried again.

use std::time::Duration;

/// How often, unless the function's setting says otherwise.
pub(super) const RETRIES: u32 = 3;

/// How long the first retry waits, unless the function's setting says otherwise.
pub(super) const BACKOFF: Duration = Duration::from_secs(1);

/// The longest wait.
const MAX_BACKOFF: Duration = Duration::from_secs(300);

/// How long to wait after the attempt that failed as the `failures`th, from 1. `random` is within 0 and 1, and
/// keeps those that failed together apart: by a fifth of the time, up or down.
pub(super) fn backoff(first: Duration, failures: u32, random: f64) -> Duration {
    let doublings = failures.saturating_sub(1).min(31);
    let wait = first.saturating_mul(1 << doublings).min(MAX_BACKOFF);
    wait.mul_f64(0.8 + 0.4 * random)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each wait is twice the one before, up to five minutes, and a fifth more or less.
    #[test]
    fn waits_double() {
        let second = Duration::from_secs(1);
        for (failures, seconds) in [
            (1, 1.0),
            (2, 2.0),
            (3, 4.0),
            (9, 256.0),
            (10, 300.0),
            (u32::MAX, 300.0),
        ] {
            for (random, factor) in [(0.0, 0.8), (0.5, 1.0), (1.0, 1.2)] {
                let wait = backoff(second, failures, random).as_secs_f64();
                assert!(
                    (wait - seconds * factor).abs() < 1e-6,
                    "{failures} {random}: {wait}"
                );
            }
        }
        assert_eq!(backoff(Duration::ZERO, 5, 1.0), Duration::ZERO);
    }
}
