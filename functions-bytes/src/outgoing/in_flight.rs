//! A request that was sent, or failed before.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The output of `F`, or one that needs no waiting. Pending forever once taken.
pub enum InFlight<F: Future> {
    /// The output is known.
    Ready(F::Output),
    /// The future yields the output.
    Waiting(F),
    /// The output was taken.
    Taken,
}

impl<F: Future + Unpin> InFlight<F> {
    /// Polls for the output.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<F::Output> {
        if let Self::Waiting(future) = self {
            let output = ready!(Pin::new(future).poll(cx));
            *self = Self::Taken;
            return Poll::Ready(output);
        }
        match std::mem::replace(self, Self::Taken) {
            Self::Ready(output) => Poll::Ready(output),
            Self::Waiting(_) | Self::Taken => Poll::Pending,
        }
    }
}

impl<F: Future> fmt::Debug for InFlight<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlight").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    /// An output is yielded once, whether it was known or awaited.
    #[test]
    fn taken_output_is_pending_forever() {
        let mut cx = Context::from_waker(Waker::noop());
        for mut in_flight in [InFlight::Ready(1), InFlight::Waiting(std::future::ready(1))] {
            assert_eq!(in_flight.poll(&mut cx), Poll::Ready(1));
            assert_eq!(in_flight.poll(&mut cx), Poll::Pending);
            assert_eq!(in_flight.poll(&mut cx), Poll::Pending);
        }
    }
}
