//! What follows from the response to a run.

use std::time::Duration;

use prost::Message as _;
use prost_types::Any;

use super::accept::{Rules, check_function, checked};
use super::capacity::CapacityReservation;
use super::proto::{
    Call, CallResult, Directive, Error, Exit, Poll, PollResult, PollResultState, PollState,
    RunResponse,
};
use super::rejection::{CallRejection, RejectionKind};
use super::{retry, status};
use crate::store::Time;
use crate::store::calls::{Ending, FAILED, RunRow, SUCCEEDED, StoredPoll, Wait};

/// The most results that one run gets.
const MAX_RESULTS: i32 = 1000;

/// The longest text of an error that is kept of an attempt, in bytes.
pub(super) const MAX_ERROR: usize = 1024;

/// The shortest wait of a poll.
const MIN_WAIT: Duration = Duration::from_secs(1);

/// The outcome of a run, and what follows.
#[derive(Debug)]
pub(super) struct RunOutcome {
    pub(super) status: i32,
    pub(super) error: Option<String>,
    pub(super) ending: Ending,
    /// The room of the calls that it makes.
    pub(super) reservation: Option<CapacityReservation>,
}

impl RunOutcome {
    fn new(status: i32, error: Option<String>, ending: Ending) -> Self {
        Self {
            status,
            error,
            ending,
            reservation: None,
        }
    }
}

/// The result of a call without an output.
pub(super) fn failure(kind: &str, message: &str) -> Vec<u8> {
    let error = Error {
        r#type: kind.to_owned(),
        message: message.to_owned(),
        ..Error::default()
    };
    let result = CallResult {
        error: Some(error),
        ..CallResult::default()
    };
    result.encode_to_vec()
}

/// What follows from a run without a response that counts.
pub(super) fn without_response(status: i32, error: String, row: &RunRow, now: Time) -> RunOutcome {
    let ending = match status::is_temporary(status) {
        true => Ending::Retry {
            due: now.after(retry::pause(row.failures)),
        },
        false => Ending::Exit {
            state: FAILED,
            result: failure(
                "status",
                &format!("{}: {error}", status::status_name(status)),
            ),
        },
    };
    RunOutcome::new(status, Some(error), ending)
}

/// What follows from a response.
pub(super) fn judge(body: &[u8], row: &RunRow, rules: &Rules<'_>, now: Time) -> RunOutcome {
    let invalid = |why: String| without_response(status::INVALID_RESPONSE, why, row, now);
    let response = match RunResponse::decode(body) {
        Ok(response) => response,
        Err(error) => {
            return invalid(format!(
                "the response does not decode as a RunResponse: {error}"
            ));
        }
    };
    let status = response.status;
    match response.directive {
        // Before the status: a function that begins anew says that its failure is temporary.
        Some(Directive::Exit(Exit {
            tail_call: Some(call),
            result,
        })) => {
            let error = result.and_then(|result| result.error);
            match tail_call(call, row, rules, now) {
                Ok(ending) => RunOutcome::new(status, error.as_ref().map(text), ending),
                Err((status, why)) => without_response(status, why, row, now),
            }
        }
        directive if status::is_temporary(status) => {
            let error = match directive {
                Some(Directive::Exit(Exit {
                    result: Some(result),
                    ..
                })) => result.error,
                _ => None,
            };
            let error = error.as_ref().map_or_else(|| named(status), text);
            let due = |before| now.after(retry::pause(before));
            let ending = match status {
                // Polls between two restarts do not count as progress: a restart loses all of it.
                status::INCOMPATIBLE_STATE => Ending::Restart {
                    due: due(row.restarts.max(row.failures)),
                },
                _ => Ending::Retry {
                    due: due(row.failures),
                },
            };
            RunOutcome::new(status, Some(error), ending)
        }
        Some(Directive::Poll(asked)) if status == status::OK => poll(asked, row, rules, now),
        Some(Directive::Exit(Exit { result, .. })) => exit(status, result.unwrap_or_default()),
        Some(Directive::Poll(_)) => exit(status, CallResult::default()),
        None if status == status::OK => invalid("the response neither exits nor polls".to_owned()),
        None => exit(status, CallResult::default()),
    }
}

/// What operators see of an error. A caller that awaits the call gets all of it.
fn text(error: &Error) -> String {
    let mut text = match error.r#type.as_str() {
        "" => error.message.clone(),
        kind => format!("{kind}: {}", error.message),
    };
    text.truncate(text.floor_char_boundary(MAX_ERROR));
    text
}

fn named(status: i32) -> String {
    format!(
        "the function answered with the status {}",
        status::status_name(status)
    )
}

fn exit(status: i32, mut result: CallResult) -> RunOutcome {
    if status != status::OK && result.error.is_none() {
        result.error = Some(Error {
            r#type: "status".to_owned(),
            message: status.to_string(),
            ..Error::default()
        });
    }
    let ending = Ending::Exit {
        state: if status == status::OK {
            SUCCEEDED
        } else {
            FAILED
        },
        result: result.encode_to_vec(),
    };
    RunOutcome::new(status, result.error.as_ref().map(text), ending)
}

fn tail_call(
    call: Call,
    row: &RunRow,
    rules: &Rules<'_>,
    now: Time,
) -> Result<Ending, (i32, String)> {
    let endpoint = match call.endpoint.is_empty() {
        true => row.endpoint.clone(),
        false => call.endpoint,
    };
    let invalid = |why: &str| {
        let why = format!("the tail call is invalid: {why}");
        (status::INVALID_RESPONSE, why)
    };
    check_function(&call.function).map_err(|why| invalid(&why))?;
    rules
        .endpoint(&endpoint)
        .map_err(|rejection| match rejection.kind {
            RejectionKind::PermissionDenied => (status::PERMISSION_DENIED, rejection.message),
            _ => invalid(&rejection.message),
        })?;
    let input = call.input.map(|input| input.encode_to_vec());
    let is_step = endpoint != row.endpoint || call.function != row.function || input != row.input;
    Ok(Ending::TailCall {
        endpoint,
        function: call.function,
        version: call.version,
        input,
        due: now.after(retry::repeat_pause(row.repeats, is_step)),
    })
}

fn poll(asked: Poll, row: &RunRow, rules: &Rules<'_>, now: Time) -> RunOutcome {
    let children = checked(asked.calls, Some(&row.endpoint), rules, now);
    let children = children.and_then(|calls| {
        let reservation = rules.capacity.reserve_children(calls.len())?;
        Ok((calls, reservation))
    });
    let (calls, reservation, error) = match children {
        Ok((calls, reservation)) => (calls, Some(reservation), None),
        Err(rejection) => (Vec::new(), None, Some(refused(&rejection))),
    };
    let max = match asked.max_results {
        1..=MAX_RESULTS => asked.max_results,
        _ => MAX_RESULTS,
    };
    let min = asked.min_results.clamp(1, max);
    let wait = match asked.max_wait {
        // The error is a result already.
        _ if error.is_some() => Wait::Refused,
        None => Wait::Results,
        Some(wait) => {
            let wait = Duration::try_from(wait).unwrap_or_default();
            Wait::Until(now.after(wait.max(MIN_WAIT)))
        }
    };
    let state = asked.state.map(|state| match state {
        PollState::Bytes(bytes) => PollResultState::Bytes(bytes),
        PollState::Typed(any) => PollResultState::Typed(any),
    });
    let message = error.as_ref().map(text);
    let result = PollResult {
        state,
        results: Vec::new(),
        error,
    };
    let number = |results: i32| usize::try_from(results).unwrap_or(1);
    let ending = Ending::Poll {
        poll: StoredPoll {
            min_results: number(min),
            max_results: number(max),
            result: result.encode_to_vec(),
        },
        calls,
        wait,
        pause: now.after(retry::repeat_pause(row.repeats, false)),
    };
    RunOutcome {
        reservation,
        ..RunOutcome::new(status::OK, message, ending)
    }
}

fn refused(rejection: &CallRejection) -> Error {
    let kind = match rejection.kind {
        RejectionKind::InvalidArgument => "invalid_argument",
        RejectionKind::PermissionDenied => "permission_denied",
        RejectionKind::ResourceExhausted => "resource_exhausted",
        RejectionKind::Unavailable => "unavailable",
    };
    Error {
        r#type: kind.to_owned(),
        message: rejection.message.clone(),
        ..Error::default()
    }
}

/// The input as it was dispatched.
pub(super) fn input(row: &RunRow) -> Option<Any> {
    // It was encoded here.
    row.input
        .as_deref()
        .and_then(|input| Any::decode(input).ok())
}
