use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::reply::Outcome;
use super::{Failure, watchdog};
use crate::invocation::cpu_time;
use crate::invocation::started::{self, StartedResponse};
use crate::pool::{Owner, PollScope};

/// The future of an invocation, and the function that owns its slots.
pub(super) struct InvocationFuture {
    pub(super) function: Owner,
    pub(super) future: Pin<Box<dyn Future<Output = Result<Outcome, Failure>> + Send>>,
}

/// Polls an invocation on this thread. Also returns the response that it started in this poll.
///
/// A panic in the host ends only this invocation. The connection may carry others.
pub(super) fn poll_once(
    invocation: &mut InvocationFuture,
    cx: &mut Context<'_>,
) -> (Poll<Result<Outcome, Failure>>, Option<Box<StartedResponse>>) {
    // Clears the mark of an earlier poll.
    cpu_time::take_long();
    started::watch(|| {
        let InvocationFuture { function, future } = invocation;
        let poll = || {
            let _scope = PollScope::enter(*function);
            future.as_mut().poll(cx)
        };
        catch_unwind(AssertUnwindSafe(|| watchdog::watched(poll)))
            .unwrap_or_else(|panic| Poll::Ready(Err(panicked(&*panic))))
    })
}

fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let message = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    let message = message.unwrap_or_else(|| "without a message".into());
    Failure::Host(wasmtime::format_err!("panicked: {message}"))
}
