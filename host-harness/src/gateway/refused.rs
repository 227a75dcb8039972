//! What the log says of connections that cannot be accepted.

use std::io;
use std::time::Duration;

use tokio::time::Instant;

/// How often it says so at the most.
const WARN_EVERY: Duration = Duration::from_secs(1);

/// Counts attempts that failed. A host without open files left makes twenty of them a second, for as long
/// as clients wait.
#[derive(Debug, Default)]
pub(super) struct Refused {
    warned: Option<Instant>,
    /// Since then.
    count: u64,
}

impl Refused {
    /// Warns, if the last warning is not too recent.
    pub(super) fn warn(&mut self, error: &io::Error) {
        match self.another(Instant::now()) {
            None => {}
            Some(0) => tracing::warn!("cannot accept a connection: {error}"),
            Some(more) => tracing::warn!(
                "cannot accept a connection: {error}; {more} more attempts failed since the last such line"
            ),
        }
    }

    /// One that failed. Returns how many others did since the last warning if it is time for one.
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

    /// The first failure is told at once, and those that follow are counted in a line a second.
    #[test]
    fn failures_in_a_row_are_counted() {
        let mut refused = Refused::default();
        let started = Instant::now();
        let told: Vec<_> = (0..50)
            .filter_map(|step| refused.another(started + Duration::from_millis(50) * step))
            .collect();
        assert_eq!(told, [0, 19, 19]);
        let later = started + Duration::from_secs(60);
        assert_eq!(refused.another(later), Some(9));
        assert_eq!(refused.another(later + WARN_EVERY), Some(0));
    }
}
