//! When a call that failed is run again.

use std::time::Duration;

/// The pause after the first failure. It doubles with each further one.
const FIRST: Duration = Duration::from_secs(1);

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(300);

/// How much a pause is longer or shorter by chance, so that calls that failed together do not come back
/// together.
const JITTER: f64 = 0.2;

/// The pause of a call that continues without anything to wait for. It doubles with each further one in a row.
const FIRST_REPEAT: Duration = Duration::from_millis(10);

/// The longest of these pauses.
const LONGEST_REPEAT: Duration = Duration::from_secs(5);

/// The longest of those before a tail call of another function, or with another input: it may get somewhere.
const LONGEST_STEP: Duration = Duration::from_millis(100);

/// The pause of a call that continues without anything to wait for, which it did `before` times in a row before.
/// `is_step`: by a tail call that differs from the call.
pub(super) fn repeat_pause(before: i64, is_step: bool) -> Duration {
    let longest = if is_step {
        LONGEST_STEP
    } else {
        LONGEST_REPEAT
    };
    doubled(FIRST_REPEAT, before).min(longest)
}

fn doubled(first: Duration, times: i64) -> Duration {
    let doublings = u32::try_from(times).unwrap_or(u32::MAX).min(16);
    first.saturating_mul(1 << doublings)
}

/// The pause after a failure, of which there were `before` in a row before it.
pub(super) fn pause(before: i64) -> Duration {
    let pause = doubled(FIRST, before).min(LONGEST);
    pause.mul_f64(1.0 - JITTER + 2.0 * JITTER * fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A call without anything to wait for continues after ever longer pauses. One that takes steps stays quick.
    #[test]
    fn repeat_pauses_double_up_to_their_bound() {
        let pauses = |is_step| {
            [0, 1, 9, 10, i64::MAX].map(|before| repeat_pause(before, is_step).as_millis())
        };
        assert_eq!(pauses(false), [10, 20, 5000, 5000, 5000]);
        assert_eq!(pauses(true), [10, 20, 100, 100, 100]);
    }

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
