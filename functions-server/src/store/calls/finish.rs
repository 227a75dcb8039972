//! Records what came of a run.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{NewCall, Parent, Unfinished, Waiting, add, waiting};
use crate::store::Time;

/// How many attempts of a call are kept.
const MAX_ATTEMPTS: i64 = 100;

/// One run of a call.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub(crate) call: i64,
    /// The round that was run: a call that began anew meanwhile has nothing to do with it.
    pub(crate) round: i64,
    pub(crate) started: Time,
    pub(crate) finished: Time,
    pub(crate) status: i32,
    pub(crate) error: Option<String>,
    /// The results that the run was given.
    pub(crate) delivered: Vec<i64>,
}

/// What a call does next.
#[derive(Debug, Clone)]
pub(crate) enum Ending {
    /// It has ended.
    Exit { state: i64, result: Vec<u8> },
    /// It waits for calls, and goes on.
    Poll {
        poll: Poll,
        calls: Vec<NewCall>,
        wake: Option<Time>,
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
    },
}

/// A poll as it is stored: the bounds, and the encoded state and error.
#[derive(Debug, Clone, Default)]
pub(crate) struct Poll {
    pub(crate) min_results: usize,
    pub(crate) max_results: usize,
    /// `PollResult` without results.
    pub(crate) result: Vec<u8>,
}

impl Poll {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let bound = |results: usize| u32::try_from(results).unwrap_or(u32::MAX).to_le_bytes();
        let mut bytes = Vec::with_capacity(8 + self.result.len());
        bytes.extend(bound(self.min_results));
        bytes.extend(bound(self.max_results));
        bytes.extend(&self.result);
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Self {
        let bound = |bytes: [u8; 4]| u32::from_le_bytes(bytes) as usize;
        let Some((min, rest)) = bytes.split_first_chunk() else {
            return Self::default();
        };
        let Some((max, result)) = rest.split_first_chunk() else {
            return Self::default();
        };
        Self {
            min_results: bound(*min),
            max_results: bound(*max),
            result: result.to_vec(),
        }
    }
}

/// What follows from a run.
#[derive(Debug, Clone)]
pub(crate) enum After {
    /// The call had ended, or begun anew.
    Nothing,
    Ended,
    Suspended {
        waiting: Waiting,
        children: Vec<Unfinished>,
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
    attempt: &Attempt,
    ending: &Ending,
) -> rusqlite::Result<After> {
    let found: Option<(i64, Option<i64>, String)> = connection
        .prepare_cached(
            "UPDATE calls SET attempts = attempts + 1, error = ?3
             WHERE number = ?1 AND round = ?2 AND state < 2 RETURNING attempts, root, endpoint",
        )?
        .query_row(params![attempt.call, attempt.round, attempt.error], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((number, root, endpoint)) = found else {
        return Ok(After::Nothing);
    };
    record(connection, attempt, number)?;
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
                .execute(params![call, state, result, attempt.finished])?;
            Ok(After::Ended)
        }
        Ending::Poll { poll, calls, wake } => {
            connection
                .prepare_cached(
                    "UPDATE calls SET state = 1, poll = ?2, wake = ?3, failures = 0 WHERE number = ?1",
                )?
                .execute(params![call, poll.encode(), wake])?;
            let parent = Parent {
                number: call,
                root: root.unwrap_or(call),
                round: attempt.round,
            };
            let numbers = add(connection, calls, Some(parent), attempt.finished)?;
            let children = numbers.iter().zip(calls).map(|(number, new)| Unfinished {
                number: *number,
                parent: Some(call),
                endpoint: new.endpoint.clone(),
                is_suspended: false,
                due: attempt.finished,
                expires: new.expires,
            });
            Ok(match waiting(connection, call)? {
                Some(waiting) => After::Suspended {
                    waiting,
                    children: children.collect(),
                },
                None => After::Nothing,
            })
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
            let cancelled = cancel_children(connection, call, attempt.finished)?;
            connection
                .prepare_cached(
                    "UPDATE calls SET state = 0, failures = failures + 1, due = ?2, round = round + 1,
                         poll = NULL, wake = NULL WHERE number = ?1",
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
        } => {
            connection
                .prepare_cached(
                    "UPDATE calls SET state = 0, failures = 0, due = ?2, round = round + 1, poll = NULL,
                         wake = NULL, endpoint = ?3, function = ?4, version = ?5, input = ?6
                     WHERE number = ?1",
                )?
                .execute(params![call, attempt.finished, endpoint, function, version, input])?;
            Ok(After::Moved {
                endpoint: endpoint.clone(),
                due: attempt.finished,
                cancelled: Vec::new(),
            })
        }
    }
}

fn record(connection: &Connection, attempt: &Attempt, number: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO call_attempts (call, number, started, finished, status, error)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            attempt.call,
            number,
            attempt.started,
            attempt.finished,
            attempt.status,
            attempt.error
        ])?;
    if number > MAX_ATTEMPTS {
        connection
            .prepare_cached("DELETE FROM call_attempts WHERE call = ?1 AND number <= ?2")?
            .execute(params![attempt.call, number - MAX_ATTEMPTS])?;
    }
    Ok(())
}

fn cancel_children(connection: &Connection, call: i64, now: Time) -> rusqlite::Result<Vec<i64>> {
    let children: Vec<i64> = connection
        .prepare_cached("SELECT number FROM calls WHERE parent = ?1 AND state < 2")?
        .query_map([call], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut cancelled = Vec::new();
    for child in children {
        let why = "the call that awaits this one began anew";
        cancelled.extend(super::end_tree(
            connection,
            child,
            super::CANCELLED,
            why,
            &[],
            now,
        )?);
    }
    Ok(cancelled)
}
