//! Rate-limited warnings about connections that cannot be accepted.

use std::io;
use std::time::Duration;

use tokio::time::Instant;

/// The shortest time between two warnings.
const WARN_EVERY: Duration = Duration::from_secs(1);

/// Counts failed accepts. A host that has run out of file descriptors makes twenty a second while
/// clients wait.
#[derive(Debug, Default)]
pub(super) struct Refused {
    warned: Option<Instant>,
    /// Failures since the last warning.
    count: u64,
}

impl Refused {
    /// Warns, unless the last warning is too recent.
    pub(super) fn warn(&mut self, error: &io::Error) {
        match self.another(Instant::now()) {
            None => {}
            Some(0) => tracing::warn!("cannot accept a connection: {error}"),
            Some(more) => tracing::warn!(
                "cannot accept a connection: {error}; {more} more attempts failed since the last such line"
            ),
        }
    }

    /// Counts one failure. If a warning is due, returns how many others failed since the last one.
    fn another(&mut self, now: Instant) -> Option<u64> {
        if let Some(warned) = self.warned
            && now.duration_since(warned) < WARN_EVERY
        {
            self.count += 1;
            return None;
        }
        self.warned = Some(now);
        Some(std::mem::take(&mut self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first failure is reported at once; those that follow are counted in one line a second.
    #[test]
    fn repeated_failures_are_counted() {
        let mut refused = Refused::default();
        let started = Instant::now();
        let reported: Vec<_> = (0..50)
            .filter_map(|step| refused.another(started + Duration::from_millis(50) * step))
            .collect();
        assert_eq!(reported, [0, 19, 19]);
        let later = started + Duration::from_secs(60);
        assert_eq!(refused.another(later), Some(9));
        assert_eq!(refused.another(later + WARN_EVERY), Some(0));
    }
}
