//! Calls that a function awaits: it ends with a poll, and runs again once the results are there.
//!
//! The calls of a function are numbered in the order in which they are first polled. What the function runs
//! again with says what came of each, so that it gets as far as before without dispatching a call twice.

use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::messages::{CallMessage, CallResult, ErrorMessage, PollResult};
use crate::wire::{Field, Reader, message};
use crate::{Any, Call, Error, Unmarshal};

/// The type of the state of a function that waits.
const STATE: &str = "functions.dispatch.v1.State";

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

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        let result = CURRENT.with_borrow_mut(|current| {
            let Some(calls) = current else {
                return Some(Err(Error::InvalidCall(
                    "a call is awaited outside the functions of an Endpoint: dispatch it with a Client".into(),
                )));
            };
            calls.poll(&mut self.progress).map(Ok)
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

/// A call that was made.
#[derive(Debug, Default)]
struct Made {
    /// Of the call, so that another one in its place is noticed.
    fingerprint: u64,
    result: Option<CallResult>,
}

/// The calls of a function, and how far it has come.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    input: Any,
    made: Vec<Made>,
    /// How many calls this run has polled.
    next: usize,
    /// Calls that this run is the first to make.
    new: Vec<CallMessage>,
    is_waiting: bool,
    is_incompatible: bool,
}

impl Calls {
    /// The calls of a function that runs for the first time.
    pub(crate) fn of_input(input: Any) -> Self {
        Self {
            input,
            ..Self::default()
        }
    }

    /// The calls of a function that goes on.
    pub(crate) fn of_results(poll: PollResult) -> Result<Self, Error> {
        let state = poll.state.filter(|state| state.type_name() == STATE);
        let state = state.ok_or_else(|| Error::invalid_message("the state is of another SDK"))?;
        let mut calls = Self::decode(&state.value)?;
        for result in poll.results {
            let at = usize::try_from(result.correlation_id).ok();
            // Results may come twice, and unknown ones are none of this function's.
            if let Some(made) = at.and_then(|at| calls.made.get_mut(at)) {
                made.result.get_or_insert(result);
            }
        }
        if let Some(error) = poll.error {
            for made in calls.made.iter_mut().filter(|made| made.result.is_none()) {
                made.result = Some(CallResult {
                    error: Some(error.clone()),
                    ..CallResult::default()
                });
            }
        }
        Ok(calls)
    }

    /// What the function runs with.
    pub(crate) fn input(&self) -> &Any {
        &self.input
    }

    /// Runs a poll of the function.
    pub(crate) fn enter<T>(&mut self, poll: impl FnOnce() -> T) -> T {
        self.is_waiting = false;
        let outer = CURRENT.replace(Some(std::mem::take(self)));
        let result = poll();
        if let Some(calls) = CURRENT.replace(outer) {
            *self = calls;
        }
        result
    }

    /// Whether the last poll waits for a call.
    pub(crate) fn is_waiting(&self) -> bool {
        self.is_waiting
    }

    /// Whether the function made another call than before in the same place.
    pub(crate) fn is_incompatible(&self) -> bool {
        self.is_incompatible
    }

    /// The calls to dispatch now.
    pub(crate) fn take_new(&mut self) -> Vec<CallMessage> {
        std::mem::take(&mut self.new)
    }

    /// How many results are still to come.
    pub(crate) fn unfinished(&self) -> usize {
        let made = self.made.iter();
        made.filter(|made| made.result.is_none()).count()
    }

    fn poll(&mut self, progress: &mut Progress) -> Option<CallResult> {
        let number = match progress {
            Progress::Taken => return None,
            Progress::Numbered(number) => *number,
            Progress::New(call) => {
                let number = self.next;
                self.next += 1;
                self.make(number, std::mem::take(call));
                *progress = Progress::Numbered(number);
                number
            }
        };
        let result = self.made.get(number).and_then(|made| made.result.clone());
        self.is_waiting |= result.is_none() || self.is_incompatible;
        result.filter(|_| !self.is_incompatible)
    }

    fn make(&mut self, number: usize, mut call: CallMessage) {
        call.correlation_id = number as u64;
        let fingerprint = fingerprint(&call);
        match self.made.get(number) {
            Some(made) => self.is_incompatible |= made.fingerprint != fingerprint,
            None => {
                self.made.push(Made {
                    fingerprint,
                    result: None,
                });
                self.new.push(call);
            }
        }
    }

    /// The state to go on with.
    pub(crate) fn state(&self) -> Any {
        let value = message(|writer| {
            writer.message(1, |input| self.input.encode(input));
            for made in &self.made {
                writer.message(2, |inner| {
                    inner.fixed64(1, made.fingerprint);
                    if let Some(result) = &made.result {
                        inner.message(2, |result_writer| result.encode(result_writer));
                    }
                });
            }
        });
        Any::known(STATE, value)
    }

    fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut calls = Self::default();
        let mut reader = Reader::new(bytes);
        while let Some((number, field)) = reader.next()? {
            match (number, field) {
                (1, Field::Bytes(input)) => calls.input = Any::decode(input)?,
                (2, Field::Bytes(made)) => calls.made.push(decode_made(made)?),
                _ => return Err(Error::invalid_message("the state is of a newer version")),
            }
        }
        Ok(calls)
    }
}

fn decode_made(bytes: &[u8]) -> Result<Made, Error> {
    let mut made = Made::default();
    let mut reader = Reader::new(bytes);
    while let Some((number, field)) = reader.next()? {
        match (number, field) {
            (1, Field::Fixed64(fingerprint)) => made.fingerprint = fingerprint,
            (2, Field::Bytes(result)) => made.result = Some(CallResult::decode(result)?),
            _ => {}
        }
    }
    Ok(made)
}

/// FNV-1a: it only has to notice that the code has changed.
fn fingerprint(call: &CallMessage) -> u64 {
    let bytes = message(|writer| call.encode(writer));
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
