//! What is known of the calls of a function, also from one of its runs to the next.
//!
//! A run repeats its earlier ones: it sees the results as they came, resume by resume, so that calls that
//! are made side by side, each after the result of another, are polled in the order that numbered them.

use std::task::Waker;

use super::Progress;
use crate::messages::{CallMessage, CallResult, PollResult};
use crate::wire::{Field, Reader, message};
use crate::{Any, Error};

/// The type of the state of a function that waits.
const STATE: &str = "functions.dispatch.v1.State";

/// A call that was made.
#[derive(Debug, Default)]
struct Made {
    /// Of the call, so that another one in its place is noticed.
    fingerprint: u64,
    result: Option<CallResult>,
    /// The resume that brought the result; 0 in a state that does not say, whose results are all there from
    /// the start.
    resume: u64,
}

impl Made {
    /// Keeps the result that came first.
    fn finish(&mut self, result: CallResult, resume: u64) {
        if self.result.is_none() {
            self.result = Some(result);
            self.resume = resume;
        }
    }

    /// The result, if it came with a resume or before it.
    fn result_at(&self, resume: u64) -> Option<&CallResult> {
        self.result.as_ref().filter(|_| self.resume <= resume)
    }
}

/// The calls of a function, and how far it has come.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    input: Any,
    made: Vec<Made>,
    /// How many calls this run has polled.
    next: usize,
    /// The resume that this run has come to: results of later ones are not there yet.
    resume: u64,
    /// Of those who wait for a call in this run.
    waiters: Vec<Waker>,
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
        let resume = calls.last_resume() + 1;
        for result in poll.results {
            let at = usize::try_from(result.correlation_id).ok();
            // Results may come twice, and unknown ones do not belong to this function.
            if let Some(made) = at.and_then(|at| calls.made.get_mut(at)) {
                made.finish(result, resume);
            }
        }
        if let Some(error) = poll.error {
            for made in &mut calls.made {
                let result = CallResult {
                    error: Some(error.clone()),
                    ..CallResult::default()
                };
                made.finish(result, resume);
            }
        }
        Ok(calls)
    }

    /// What the function runs with.
    pub(crate) fn input(&self) -> &Any {
        &self.input
    }

    /// Forgets what the poll before waited for.
    pub(super) fn begin_poll(&mut self) {
        self.is_waiting = false;
    }

    /// Whether the last poll waits for a call.
    pub(crate) fn is_waiting(&self) -> bool {
        self.is_waiting
    }

    /// Moves on to the next resume that this run repeats, and wakes the calls that wait. Returns false if there is
    /// none.
    pub(crate) fn advance(&mut self) -> bool {
        if self.is_incompatible || self.resume >= self.last_resume() {
            return false;
        }
        self.resume += 1;
        // Also those whose result is not there yet: a poll says that it waits for calls by polling them.
        self.waiters.drain(..).for_each(Waker::wake);
        true
    }

    fn last_resume(&self) -> u64 {
        let resumes = self.made.iter().map(|made| made.resume);
        resumes.max().unwrap_or_default()
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

    /// Polls a call: what came of it, if that is there, and who is to be woken otherwise.
    pub(super) fn poll(&mut self, progress: &mut Progress, waker: &Waker) -> Option<CallResult> {
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
        let made = self.made.get(number);
        let result = made.and_then(|made| made.result_at(self.resume)).cloned();
        let result = result.filter(|_| !self.is_incompatible);
        if result.is_none() {
            self.is_waiting = true;
            self.wake_later(waker);
        }
        result
    }

    fn wake_later(&mut self, waker: &Waker) {
        // A join's calls have one waker, and come one after another.
        if !self
            .waiters
            .last()
            .is_some_and(|last| last.will_wake(waker))
        {
            self.waiters.push(waker.clone());
        }
    }

    fn make(&mut self, number: usize, mut call: CallMessage) {
        call.correlation_id = number as u64;
        let fingerprint = fingerprint(&call);
        match self.made.get(number) {
            Some(made) => self.is_incompatible |= made.fingerprint != fingerprint,
            None => {
                self.made.push(Made {
                    fingerprint,
                    ..Made::default()
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
                        inner.number(3, made.resume);
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
            (3, Field::Number(resume)) => made.resume = resume,
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
