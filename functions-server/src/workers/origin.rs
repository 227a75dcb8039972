//! The workers that wait for a call, each in a line: `COMPONENT/NAME`.

use super::error::WorkerError;

/// How many workers may wait for each other.
pub(crate) const MAX_DEPTH: usize = 16;

/// How many workers wait for a call.
pub(crate) fn depth(origin: Option<&str>) -> usize {
    origin.map_or(0, |origin| origin.lines().count())
}

/// Refuses a call for which too many workers wait.
pub(crate) fn check_depth(origin: Option<&str>) -> Result<(), WorkerError> {
    match depth(origin) > MAX_DEPTH {
        true => Err(WorkerError::InvalidRequest(format!(
            "calls of workers by workers nest more than {MAX_DEPTH} deep"
        ))),
        false => Ok(()),
    }
}

/// Refuses a call of a worker that waits for it.
pub(crate) fn check_worker(
    component: &str,
    name: &str,
    origin: Option<&str>,
) -> Result<(), WorkerError> {
    let Some(origin) = origin else {
        return Ok(());
    };
    let called = format!("{component}/{name}");
    if origin.lines().any(|waiting| waiting == called) {
        return Err(WorkerError::Reentrant(called));
    }
    Ok(())
}
