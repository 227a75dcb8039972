//! The workers that wait for a call, each in a line: `COMPONENT/NAME`, and the number of its call.

use super::error::WorkerError;

/// How many workers may wait for each other.
pub(crate) const MAX_DEPTH: usize = 16;

/// No name has it.
const SEPARATOR: char = '\t';

/// How many workers wait for a call.
pub(crate) fn depth(origin: Option<&str>) -> usize {
    origin.map_or(0, |origin| origin.lines().count())
}

/// A worker in such a line.
pub(crate) fn worker(component: &str, name: &str) -> String {
    format!("{component}/{name}")
}

/// Adds a worker that waits.
pub(crate) fn with(origin: Option<&str>, worker: &str, call: Option<u64>) -> String {
    let before = origin.map_or(String::new(), |origin| format!("{origin}\n"));
    let call = call.map_or(String::new(), |call| format!("{SEPARATOR}{call}"));
    format!("{before}{worker}{call}")
}

/// The number of the call that led here, if it comes from a worker.
pub(crate) fn call(origin: Option<&str>) -> Option<u64> {
    let last = origin?.lines().last()?;
    last.split_once(SEPARATOR)?.1.parse().ok()
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
    let called = worker(component, name);
    let mut waiting = origin.unwrap_or_default().lines();
    match waiting.any(|line| line.split(SEPARATOR).next() == Some(&called)) {
        true => Err(WorkerError::Reentrant(called)),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each worker is found in its line, and the last one's call is the one that leads on.
    #[test]
    fn origin_names_workers_and_the_last_call() {
        let first = with(None, "c/a", Some(7));
        let both = with(Some(&first), "c/b", Some(12));
        assert_eq!((call(Some(&first)), call(Some(&both))), (Some(7), Some(12)));
        assert_eq!((depth(Some(&both)), call(None)), (2, None));
        assert_eq!(call(Some(&with(Some(&first), "c/e", None))), None);
        for (name, is_free) in [("a", false), ("b", false), ("b\t12", true), ("c", true)] {
            let checked = check_worker("c", name, Some(&both));
            assert_eq!(checked.is_ok(), is_free, "{name}");
        }
    }
}
