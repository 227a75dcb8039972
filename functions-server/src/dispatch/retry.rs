//! When a call that failed is run again.

use std::time::Duration;

/// The pause after the first failure. It doubles with each further one.
const FIRST: Duration = Duration::from_secs(1);

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(300);

/// How much a pause is longer or shorter by chance, so that calls that failed together do not come back
/// together.
const JITTER: f64 = 0.2;

/// The pause after a failure, of which there were `before` in a row before it.
pub(super) fn pause(before: i64) -> Duration {
    let doublings = u32::try_from(before).unwrap_or(u32::MAX).min(16);
    let pause = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    pause.mul_f64(1.0 - JITTER + 2.0 * JITTER * fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pauses double from a second to five minutes, a fifth more or less.
    #[test]
    fn pauses_double_up_to_five_minutes() {
        for (before, seconds) in [
            (0, 1.0),
            (1, 2.0),
            (5, 32.0),
            (8, 256.0),
            (9, 300.0),
            (i64::MAX, 300.0),
        ] {
            for _ in 0..100 {
                let pause = pause(before).as_secs_f64();
                assert!(
                    pause >= 0.8 * seconds && pause <= 1.2 * seconds,
                    "{before}: {pause}"
                );
            }
        }
    }
}
