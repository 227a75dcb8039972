//! A result of the host that has not arrived yet.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::__private::bindings::wasi::io::poll::Pollable;
use crate::task::Wait;

/// A pending `P` of the host that becomes an `R`.
pub struct Way<P, R> {
    // Dropped before the pending that it watches: another host than ours may make it its child.
    arrival: Option<Wait>,
    stage: Option<Stage<P, R>>,
}

enum Stage<P, R> {
    Pending(P, fn(P) -> R),
    Over(R),
}

impl<P, R> Way<P, R> {
    /// The result of `get`, once `arrival` is ready.
    pub fn new(pending: P, arrival: Pollable, get: fn(P) -> R) -> Self {
        Self {
            arrival: Some(Wait::new(arrival)),
            stage: Some(Stage::Pending(pending, get)),
        }
    }

    /// A result that is here already.
    pub fn over(result: R) -> Self {
        Self {
            arrival: None,
            stage: Some(Stage::Over(result)),
        }
    }

    /// Polls for the result; pending forever once taken.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<R> {
        if let Some(arrival) = &mut self.arrival {
            ready!(Pin::new(arrival).poll(cx));
            self.arrival = None;
        }
        match self.stage.take() {
            Some(Stage::Pending(pending, get)) => Poll::Ready(get(pending)),
            Some(Stage::Over(result)) => Poll::Ready(result),
            // Taken already.
            None => Poll::Pending,
        }
    }
}

impl<P, R> fmt::Debug for Way<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Way").finish_non_exhaustive()
    }
}
