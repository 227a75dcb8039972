use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::reply::Outcome;
use super::{Failure, watchdog};
use crate::invocation::poll_scope::{PollReport, PollScope};
use crate::pool::Owner;
use crate::telemetry::panic_text;

/// The future of an invocation, and the function that owns its slots.
pub(super) struct InvocationFuture {
    pub(super) function: Owner,
    pub(super) future: Pin<Box<dyn Future<Output = Result<Outcome, Failure>> + Send>>,
}

/// Polls an invocation on this thread. Also returns what the invocation reported in this poll.
///
/// A panic in the host ends only this invocation. The connection may carry others.
pub(super) fn poll_once(
    invocation: &mut InvocationFuture,
    cx: &mut Context<'_>,
) -> (Poll<Result<Outcome, Failure>>, PollReport) {
    let InvocationFuture { function, future } = invocation;
    let scope = PollScope::enter(*function);
    let poll = || watchdog::watched(|| future.as_mut().poll(cx));
    let polled = catch_unwind(AssertUnwindSafe(poll))
        .unwrap_or_else(|panic| Poll::Ready(Err(panicked(&*panic))));
    (polled, scope.leave())
}

fn panicked(panic: &(dyn Any + Send)) -> Failure {
    Failure::Host(wasmtime::format_err!("panicked: {}", panic_text(panic)))
}
