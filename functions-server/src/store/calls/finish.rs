//! Records the outcome of a run.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::attempt::{AttemptRow, record};
use super::end::{AttemptStarts, End, end_tree, unfinished_children};
use super::{CANCELLED, NewCall, Parent, StoredPoll, UnfinishedCall, WaitCondition, add, waiting};
use crate::store::Time;

/// An attempt to run a call, which has ended.
#[derive(Debug, Clone)]
pub(crate) struct FinishedAttempt {
    pub(crate) call: i64,
    /// The round that was run: a call that began anew meanwhile has nothing to do with it.
    pub(crate) round: i64,
    pub(crate) row: AttemptRow,
    /// The results that the run was given.
    pub(crate) delivered: Vec<i64>,
}

/// What a call does next.
#[derive(Debug, Clone)]
pub(crate) enum Ending {
    /// It has ended.
    Exit { state: i64, result: Vec<u8> },
    /// It waits for calls, and continues.
    Poll {
        poll: StoredPoll,
        calls: Vec<NewCall>,
        wait: Wait,
        /// When the call continues if there is nothing to wait for.
        pause: Time,
    },
    /// It runs once more, as before.
    Retry { due: Time },
    /// It runs from its start.
    Restart { due: Time },
    /// Another call takes its place.
    TailCall {
        endpoint: String,
        function: String,
        version: String,
        input: Option<Vec<u8>>,
        due: Time,
    },
}

/// How long a call waits for calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Until there are results.
    Results,
    /// Not beyond this time.
    Until(Time),
    /// Not at all: its poll was refused.
    Refused,
}

/// What follows from a run.
#[derive(Debug, Clone)]
pub(crate) enum After {
    /// The call had ended, or begun anew.
    Nothing,
    Ended,
    Suspended {
        waiting: WaitCondition,
        children: Vec<UnfinishedCall>,
    },
    Due(Time),
    /// It is due at once, at this endpoint. Calls of it were cancelled.
    Moved {
        endpoint: String,
        due: Time,
        cancelled: Vec<i64>,
    },
}

/// Records a run and what follows from it, all or nothing.
pub(crate) fn finish(
    connection: &Connection,
    attempt: &FinishedAttempt,
    ending: &Ending,
    in_flight: AttemptStarts<'_>,
) -> rusqlite::Result<After> {
    let found: Option<(i64, Option<i64>, String)> = connection
        .prepare_cached(
            "UPDATE calls SET attempts = attempts + 1, error = ?3
             WHERE number = ?1 AND round = ?2 AND state < 2 RETURNING attempts, root, endpoint",
        )?
        .query_row(
            params![attempt.call, attempt.round, attempt.row.error],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    let Some((number, root, endpoint)) = found else {
        return Ok(After::Nothing);
    };
    record(connection, attempt.call, number, &attempt.row)?;
    let finished = attempt.row.finished;
    if !matches!(ending, Ending::Retry { .. }) {
        let mut taken =
            connection.prepare_cached("UPDATE calls SET delivered = 1 WHERE number = ?1")?;
        for child in &attempt.delivered {
            taken.execute([child])?;
        }
    }
    let call = attempt.call;
    match ending {
        Ending::Exit { state, result } => {
            connection
                .prepare_cached(
                    "UPDATE calls SET state = ?2, result = ?3, finished = ?4, poll = NULL WHERE number = ?1",
                )?
                .execute(params![call, state, result, finished])?;
            Ok(After::Ended)
        }
        Ending::Poll {
            poll,
            calls,
            wait,
            pause,
        } => {
            let parent = Parent {
                number: call,
                root: root.unwrap_or(call),
                round: attempt.round,
            };
            let numbers = add(connection, calls, Some(parent), finished)?;
            let children = numbers
                .iter()
                .zip(calls)
                .map(|(number, new)| UnfinishedCall {
                    number: *number,
                    parent: Some(call),
                    endpoint: new.endpoint.clone(),
                    is_suspended: false,
                    due: finished,
                    expires: new.expires,
                });
            let waiting = suspend(connection, call, poll, *wait, *pause)?;
            Ok(waiting.map_or(After::Nothing, |waiting| After::Suspended {
                waiting,
                children: children.collect(),
            }))
        }
        Ending::Retry { due } => {
            connection
                .prepare_cached(
                    "UPDATE calls SET state = 0, failures = failures + 1, due = ?2 WHERE number = ?1",
                )?
                .execute(params![call, due])?;
            Ok(After::Due(*due))
        }
        Ending::Restart { due } => {
            let cancelled = cancel_children(connection, call, finished, in_flight)?;
            connection
                .prepare_cached(
                    "UPDATE calls SET state = 0, failures = failures + 1, restarts = restarts + 1, due = ?2,
                         round = round + 1, poll = NULL, wake = NULL WHERE number = ?1",
                )?
                .execute(params![call, due])?;
            let due = *due;
            Ok(After::Moved {
                endpoint,
                due,
                cancelled,
            })
        }
        Ending::TailCall {
            endpoint,
            function,
            version,
            input,
            due,
        } => {
            connection
                .prepare_cached(
                    "UPDATE calls SET state = 0, failures = 0, restarts = 0, repeats = repeats + 1, due = ?2,
                         round = round + 1, poll = NULL, wake = NULL, endpoint = ?3, function = ?4, version = ?5, input = ?6
                     WHERE number = ?1",
                )?
                .execute(params![call, due, endpoint, function, version, input])?;
            Ok(After::Moved {
                endpoint: endpoint.clone(),
                due: *due,
                cancelled: Vec::new(),
            })
        }
    }
}

/// Makes a call wait for calls. One without anything to wait for continues after the pause.
fn suspend(
    connection: &Connection,
    call: i64,
    poll: &StoredPoll,
    wait: Wait,
    pause: Time,
) -> rusqlite::Result<Option<WaitCondition>> {
    connection
        .prepare_cached("UPDATE calls SET state = 1, poll = ?2, failures = 0 WHERE number = ?1")?
        .execute(params![call, poll.encode()])?;
    let Some(mut waiting) = waiting(connection, call)? else {
        return Ok(None);
    };
    let is_idle = match wait {
        Wait::Results => waiting.outstanding.is_empty() && waiting.ready == 0,
        Wait::Until(_) => false,
        Wait::Refused => true,
    };
    waiting.wake = match wait {
        Wait::Until(time) => Some(time),
        _ => is_idle.then_some(pause),
    };
    connection
        .prepare_cached(
            "UPDATE calls SET wake = ?2, repeats = CASE WHEN ?3 THEN repeats + 1 ELSE 0 END WHERE number = ?1",
        )?
        .execute(params![call, waiting.wake, is_idle])?;
    Ok(Some(waiting))
}

fn cancel_children(
    connection: &Connection,
    call: i64,
    now: Time,
    in_flight: AttemptStarts<'_>,
) -> rusqlite::Result<Vec<i64>> {
    let end = End {
        state: CANCELLED,
        status: 0,
        error: "the call that awaits this one began anew",
        result: Vec::new(),
        now,
    };
    let mut cancelled = Vec::new();
    for child in unfinished_children(connection, call)? {
        cancelled.extend(end_tree(connection, child, &end, in_flight)?);
    }
    Ok(cancelled)
}
