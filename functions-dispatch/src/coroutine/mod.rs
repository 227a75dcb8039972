//! Calls that a function awaits: it ends with a poll, and runs again once the results are there.
//!
//! The calls of a function are numbered in the order in which they are first polled. What the function runs
//! again with says what came of each, and when, so that it gets as far as before without dispatching a call
//! twice.

mod state;

use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

pub(crate) use state::Calls;

use crate::messages::{CallMessage, CallResult, ErrorMessage};
use crate::{Any, Call, Error, Unmarshal};

thread_local! {
    /// The calls of the function that is polled.
    static CURRENT: RefCell<Option<Calls>> = const { RefCell::new(None) };
}

/// Calls a function from an `async` handler of an [`Endpoint`](crate::Endpoint), and awaits its result.
///
/// The handler ends here, and its memory goes. Once the call has ended, however long that takes, the
/// handler runs again from its start, and finds the results of its earlier calls. So what it does besides
/// calls happens again: it should make the same calls in the same order, and have other effects in
/// functions that it calls. Awaiting several calls at once runs them at once.
///
/// ```
/// use functions_dispatch::{Call, Endpoint, Failure, call, marshal};
/// use functions_guest_web::{invoke, task};
///
/// invoke!(app);
/// fn app() -> Endpoint {
///     Endpoint::new()
///         .function("double", |number: i64| number * 2)
///         .function("total", total)
/// }
///
/// async fn total(numbers: Vec<i64>) -> Result<i64, Failure> {
///     let mut calls = Vec::new();
///     for number in numbers {
///         calls.push(call::<i64>(Call::local("double", marshal(&number)?)?));
///     }
///     let mut sum = 0;
///     for doubled in task::join_all(calls).await {
///         sum += doubled?;
///     }
///     Ok(sum)
/// }
/// ```
///
/// # Errors
///
/// - [`Error::Failed`]: the function failed.
/// - The output is not an `R`.
/// - [`Error::InvalidCall`]: no handler of an endpoint is running.
pub fn call<R: Unmarshal>(call: Call) -> CallFuture<R> {
    CallFuture {
        progress: Progress::New(call.into_message()),
        output: PhantomData,
    }
}

/// The result of a call; see [`call`](crate::call()). Pending forever once taken.
#[must_use = "a call is made once its future is awaited"]
pub struct CallFuture<R> {
    progress: Progress,
    output: PhantomData<fn() -> R>,
}

enum Progress {
    New(CallMessage),
    Numbered(usize),
    Taken,
}

impl<R: Unmarshal> Future for CallFuture<R> {
    type Output = Result<R, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let result = CURRENT.with_borrow_mut(|current| {
            let Some(calls) = current else {
                return Some(Err(Error::InvalidCall(
                    "a call is awaited outside the functions of an Endpoint: dispatch it with a Client".into(),
                )));
            };
            calls.poll(&mut self.progress, cx.waker()).map(Ok)
        });
        let Some(result) = result else {
            return Poll::Pending;
        };
        self.progress = Progress::Taken;
        Poll::Ready(result.and_then(read))
    }
}

fn read<R: Unmarshal>(result: CallResult) -> Result<R, Error> {
    match (result.error, result.output) {
        (Some(ErrorMessage { kind, message }), _) => Err(Error::Failed { kind, message }),
        (None, Some(output)) => R::unmarshal(&output),
        // Python's functions that return nothing have no output.
        (None, None) => R::unmarshal(&Any::known("google.protobuf.Empty", Vec::new())),
    }
}

impl<R> fmt::Debug for CallFuture<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallFuture").finish_non_exhaustive()
    }
}

impl Calls {
    /// Runs a poll of the function.
    pub(crate) fn enter<T>(&mut self, poll: impl FnOnce() -> T) -> T {
        self.begin_poll();
        let outer = CURRENT.replace(Some(std::mem::take(self)));
        let result = poll();
        if let Some(calls) = CURRENT.replace(outer) {
            *self = calls;
        }
        result
    }
}
