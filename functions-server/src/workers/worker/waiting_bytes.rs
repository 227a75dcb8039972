//! How many bytes wait: of one worker, and of all.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::workers::error::WorkerError;

/// The most bytes of parameters that wait, of all workers.
const MAX_WAITING: usize = 1 << 30;

/// A count of bytes.
#[derive(Debug, Clone, Default)]
pub(super) struct ByteCounter(Arc<AtomicUsize>);

impl ByteCounter {
    fn take(&self, bytes: usize) -> CountedBytes {
        self.0.fetch_add(bytes, Ordering::Relaxed);
        CountedBytes {
            of: self.clone(),
            bytes,
        }
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// Bytes that are counted until this is dropped.
#[derive(Debug)]
struct CountedBytes {
    of: ByteCounter,
    bytes: usize,
}

impl Drop for CountedBytes {
    fn drop(&mut self) {
        self.of.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// The bytes that an invocation takes while it waits.
#[derive(Debug)]
pub(super) struct ByteReservation {
    _of_worker: CountedBytes,
    _of_all: Option<CountedBytes>,
}

impl ByteReservation {
    /// Of one that was kept: it is counted, and nothing is refused any longer.
    pub(super) fn kept(worker: &ByteCounter, bytes: usize) -> Self {
        Self {
            _of_worker: worker.take(bytes),
            _of_all: None,
        }
    }
}

/// The bytes that wait for all workers.
#[derive(Debug, Default)]
pub(in crate::workers) struct WaitingBytes(ByteCounter);

impl WaitingBytes {
    /// Takes room for parameters, of a worker that may have `limit` bytes waiting.
    pub(super) fn take(
        &self,
        worker: &ByteCounter,
        bytes: usize,
        limit: u64,
    ) -> Result<ByteReservation, WorkerError> {
        let full = |of: &str, most: u64| {
            WorkerError::TooMuchWaits(format!(
                "the parameters of the calls that wait for {of} are longer than {most} bytes together: try again later"
            ))
        };
        // Counted first, so that those who ask at once cannot all have the last room.
        let of_worker = worker.take(bytes);
        if worker.count() as u64 > limit {
            return Err(full("the worker", limit));
        }
        let of_all = self.0.take(bytes);
        if self.0.count() > MAX_WAITING {
            return Err(full("all workers", MAX_WAITING as u64));
        }
        Ok(ByteReservation {
            _of_worker: of_worker,
            _of_all: Some(of_all),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What waits has a bound for each worker and one for all, and gives its room back.
    #[test]
    fn room_is_bounded_and_given_back() {
        let (all, one, other) = (
            WaitingBytes::default(),
            ByteCounter::default(),
            ByteCounter::default(),
        );
        let first = all.take(&one, 60, 100).unwrap();
        assert!(all.take(&one, 41, 100).is_err());
        let _second = all.take(&one, 40, 100).unwrap();
        assert!(all.take(&one, 1, 100).is_err());
        drop(first);
        assert_eq!((one.count(), all.0.count()), (40, 40));
        let most = MAX_WAITING as u64;
        let _third = all.take(&other, MAX_WAITING - 40, most).unwrap();
        assert!(all.take(&other, 1, most).is_err());
        let _kept = ByteReservation::kept(&other, 10);
        assert_eq!(other.count(), MAX_WAITING - 30);
        assert_eq!(all.0.count(), MAX_WAITING);
    }
}
