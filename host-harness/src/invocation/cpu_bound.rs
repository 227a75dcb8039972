//! Which functions compute for long enough that their invocations should run in the background.
//!
//! A limit on the first slice alone would not protect short invocations: those of a function that
//! always ends just before it would take the processors in turn with requests that need a thousandth of
//! that. So a function whose invocations compute counts as CPU-bound for a multiple of the time that
//! they took, and starts its next invocations in the background if other functions are invoked too. What
//! it can take of the foreground is the reciprocal of that multiple.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long an invocation computes before others get their turn.
pub(crate) const SLICE: Duration = Duration::from_millis(10);

/// How long an invocation computes before its function counts as CPU-bound. A move to the background
/// costs a fifth of that and less. Unoptimized, everything takes many times as long.
const THRESHOLD: Duration = match cfg!(debug_assertions) {
    true => SLICE,
    false => Duration::from_micros(200),
};

/// How many times the duration of its last long invocation a function is CPU-bound.
const FACTOR: u32 = 20;

/// How long the threads' clocks measure a function that the wall clock suspects. On a busy machine, the
/// wall clock suspects every function now and then.
const SUSPICION: Duration = Duration::from_secs(1);

/// Whether a function is CPU-bound. The moments are nanoseconds since [`START`]; 0 is in the past.
#[derive(Debug, Default)]
pub(crate) struct CpuBound {
    until: AtomicU64,
    suspected_until: AtomicU64,
}

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

impl CpuBound {
    /// Whether an invocation that begins now should run in the background.
    pub(crate) fn is_now(&self) -> bool {
        is_before(&self.until)
    }

    /// Forgets all invocations, so that the next one begins in the foreground.
    #[cfg(test)]
    pub(crate) fn forget(&self) {
        self.until.store(0, Ordering::Relaxed);
    }

    /// Whether the thread's clock should measure an invocation that begins now.
    pub(super) fn is_suspected(&self) -> bool {
        is_before(&self.suspected_until)
    }

    /// Records what an invocation has used so far: `measured` by its thread's clock, or only by the wall
    /// clock, up to `now`.
    pub(super) fn record(&self, used: Duration, measured: Duration, now: Instant) {
        if used < THRESHOLD {
            return;
        }
        extend(&self.suspected_until, now + SUSPICION);
        if measured >= THRESHOLD {
            extend(&self.until, now + measured.min(SLICE) * FACTOR);
        }
    }
}

/// Whether a moment is still to come. Most functions never have one, and then no clock is read.
fn is_before(moment: &AtomicU64) -> bool {
    let nanos = moment.load(Ordering::Relaxed);
    nanos > 0 && {
        let is_before = since_start(Instant::now()) < nanos;
        if !is_before {
            // If another thread extends it at this moment, the next invocation does so again.
            moment.store(0, Ordering::Relaxed);
        }
        is_before
    }
}

fn extend(moment: &AtomicU64, until: Instant) {
    moment.fetch_max(since_start(until), Ordering::Relaxed);
}

fn since_start(now: Instant) -> u64 {
    let nanos = now.saturating_duration_since(*START).as_nanos();
    u64::try_from(nanos).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only what a thread's clock has measured makes a function CPU-bound, and for a limited time.
    #[test]
    fn long_invocations_make_a_function_cpu_bound() {
        let now = Instant::now();
        let long_ago = now.checked_sub(SLICE * FACTOR * 2).unwrap();
        for (used, measured, when, suspected, bound) in [
            (THRESHOLD / 2, THRESHOLD / 2, now, false, false),
            (THRESHOLD, Duration::ZERO, now, true, false),
            (THRESHOLD, THRESHOLD, now, true, true),
            (SLICE * 1000, SLICE * 1000, now, true, true),
            (SLICE * 1000, SLICE * 1000, long_ago, true, false),
        ] {
            // Instants before the first use would count as 0.
            LazyLock::force(&START);
            let function = CpuBound::default();
            function.record(used, measured, when);
            assert_eq!(function.is_suspected(), suspected, "{used:?} {measured:?}");
            assert_eq!(function.is_now(), bound, "{used:?} {measured:?}");
        }
    }
}
