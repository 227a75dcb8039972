//! Functions that Dispatch calls: `total` adds the squares of numbers, each computed by a call of its own.
//!
//! The host stores the calls, and calls `square` again where it failed. Meanwhile nothing of `total` runs.
//!
//! ```sh
//! functions serve dispatch-endpoint.wasm dispatch-caller.wasm --dispatch 8082 &
//! ```
#![forbid(unsafe_code)]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use functions_dispatch::{Call, Endpoint, Failure, Json, Status, call, marshal};
use functions_guest_web::{invoke, task};

/// Numbers to be squared.
#[derive(serde::Serialize, serde::Deserialize)]
struct Job {
    numbers: Vec<i64>,
    /// In seconds since 1970: the last number cannot be squared before, so that its call is retried.
    last_from: f64,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Square {
    number: i64,
    from: f64,
}

invoke!(app);
fn app() -> Endpoint {
    Endpoint::new()
        .function("total", total)
        .function("square", square)
}

/// Calls all at once: ten numbers are ten calls and one poll.
async fn total(Json(job): Json<Job>) -> Result<i64, Failure> {
    let mut calls = Vec::new();
    for (at, number) in job.numbers.iter().enumerate() {
        let is_last = at + 1 == job.numbers.len();
        let square = Square {
            number: *number,
            from: if is_last { job.last_from } else { 0.0 },
        };
        calls.push(call::<i64>(Call::local("square", marshal(&Json(square))?)?));
    }
    let mut sum = 0;
    for square in task::join_all(calls).await {
        sum += square?;
    }
    Ok(sum)
}

fn square(Json(Square { number, from }): Json<Square>) -> Result<i64, Failure> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    if now.as_secs_f64() < from {
        return Err(Failure::new(Status::TemporaryError, "not yet"));
    }
    let square = number.checked_mul(number);
    square.ok_or_else(|| Failure::new(Status::InvalidArgument, "the number is too large"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A failure that passes is told from one that does not.
    #[test]
    fn failures_say_whether_they_pass() {
        let square = |number, from| square(Json(Square { number, from }));
        assert_eq!(square(-3, 0.0).unwrap(), 9);
        assert_eq!(
            square(i64::MAX, 0.0).unwrap_err().status(),
            Status::InvalidArgument
        );
        assert_eq!(
            square(1, f64::MAX).unwrap_err().status(),
            Status::TemporaryError
        );
    }
}
