//! One run of a call: from the store to the endpoint, and its outcome to the store.

use std::sync::Arc;

use prost::Message as _;
use prost_types::Timestamp;

use super::accept::{AllowedFunctions, Rules};
use super::capacity::CapacityReservation;
use super::endpoint::Endpoint;
use super::proto::{CallResult, PollResult, RunDirective, RunRequest};
use super::reads::STORE_PAUSE;
use super::response::{RunOutcome, failure, input, judge, without_response};
use super::scheduler::SchedulerState;
use super::status;
use crate::store::calls::{self, After, AttemptRow, End, FinishedAttempt, RunRow, StoredPoll};
use crate::store::{StoreError, Time};

/// Runs a call once, which is in flight since `started`. Returns what follows, which is committed, and the room
/// of the calls that it made.
pub(super) async fn run(
    shared: Arc<SchedulerState>,
    number: i64,
    started: Time,
) -> (After, Option<CapacityReservation>) {
    let row = match shared.reads.row(number).await {
        Ok(Some(row)) => row,
        Ok(None) => return (After::Nothing, None),
        Err(error) => return (end_damaged(&shared, number, &error).await, None),
    };
    if row.expires <= started {
        // It expired while the host was down: its timer ends it.
        return (After::Due(started.after(STORE_PAUSE)), None);
    }
    let outcome = outcome(&shared, &row).await;
    let attempt = FinishedAttempt {
        call: number,
        round: row.round,
        row: AttemptRow {
            started,
            finished: Time::now(),
            status: outcome.status,
            error: outcome.error,
        },
        delivered: row.results.iter().map(|result| result.number).collect(),
    };
    // What the endpoint answered is not lost because the disk is full for a while.
    loop {
        let (attempt, ending) = (attempt.clone(), outcome.ending.clone());
        let running = shared.running.clone();
        let finish = move |connection: &_| {
            let started = |call| running.started(call);
            calls::finish(connection, &attempt, &ending, &started)
        };
        match shared.store.write(finish).await {
            Ok(after) => return (after, outcome.reservation),
            Err(StoreError::Closed) => return (After::Nothing, None),
            Err(error) => {
                tracing::error!(%error, call = row.id, "what came of a call cannot be stored");
                tokio::time::sleep(STORE_PAUSE).await;
            }
        }
    }
}

/// Ends a call whose row is damaged: it would keep a place of its endpoint's runs for nothing.
async fn end_damaged(shared: &SchedulerState, number: i64, error: &rusqlite::Error) -> After {
    tracing::error!(%error, number, "a call is damaged in the database, and fails");
    let why = "the call is damaged in the database";
    let end = End {
        state: calls::FAILED,
        status: status::PERMANENT_ERROR,
        error: why,
        result: failure("status", why),
        now: Time::now(),
    };
    match shared.end(number, end).await {
        Ok(()) | Err(StoreError::Closed) => After::Nothing,
        Err(error) => {
            tracing::error!(%error, number, "a damaged call cannot be ended");
            After::Due(Time::now().after(STORE_PAUSE))
        }
    }
}

async fn outcome(shared: &SchedulerState, row: &RunRow) -> RunOutcome {
    let endpoint = match Endpoint::parse(&row.endpoint, &shared.bases) {
        Ok(endpoint) => endpoint,
        Err(why) => return without_response(status::INVALID_ARGUMENT, why, row, Time::now()),
    };
    let body = request(row).encode_to_vec();
    match shared.sender.send(&endpoint, body).await {
        Ok(body) => {
            let rules = Rules {
                bases: &shared.bases,
                expiration: shared.options.expiration,
                fetcher: &shared.sender.fetcher,
                functions: &AllowedFunctions::read(row.functions.as_deref()),
                capacity: &shared.capacity,
            };
            judge(&body, row, &rules, Time::now())
        }
        Err((status, error)) => without_response(status, error, row, Time::now()),
    }
}

fn request(row: &RunRow) -> RunRequest {
    let directive = match &row.poll {
        None => input(row).map(RunDirective::Input),
        Some(poll) => {
            // It was encoded here.
            let result = PollResult::decode(&*StoredPoll::decode(poll).result).unwrap_or_default();
            let results = row.results.iter().map(|child| CallResult {
                correlation_id: child.correlation,
                dispatch_id: child.id.clone(),
                ..CallResult::decode(&*child.result).unwrap_or_default()
            });
            Some(RunDirective::PollResult(PollResult {
                results: results.collect(),
                ..result
            }))
        }
    };
    RunRequest {
        function: row.function.clone(),
        directive,
        dispatch_id: row.id.clone(),
        parent_dispatch_id: row.parent_id.clone().unwrap_or_default(),
        root_dispatch_id: row.root_id.clone().unwrap_or_else(|| row.id.clone()),
        creation_time: Some(timestamp(row.created)),
        expiration_time: Some(timestamp(row.expires)),
    }
}

fn timestamp(time: Time) -> Timestamp {
    Timestamp {
        seconds: time.0.div_euclid(1000),
        nanos: i32::try_from(time.0.rem_euclid(1000)).unwrap_or_default() * 1_000_000,
    }
}
