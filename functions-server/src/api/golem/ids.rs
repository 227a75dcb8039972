//! Reads the segments of paths.

use uuid::Uuid;

use super::answer::Refusal;

/// The longest name of a worker, in bytes.
const MAX_WORKER_NAME: usize = 512;

/// The id of a component.
pub(super) fn component(text: &str) -> Result<Uuid, Refusal> {
    Uuid::try_parse(text).map_err(|error| {
        Refusal::bad_request(format!("failed to parse path `component_id`: {error}"))
    })
}

/// The number of a component's version.
pub(super) fn version(text: &str) -> Result<i64, Refusal> {
    let number = text.parse().ok().filter(|number| *number >= 0);
    number.ok_or_else(|| Refusal::bad_request("Invalid version"))
}

/// The name of a worker.
pub(super) fn worker(name: &str) -> Result<&str, Refusal> {
    let reason = if name.is_empty() {
        "Worker name must not be empty"
    } else if name.len() > MAX_WORKER_NAME {
        "Worker name is too long: expected at most 512 bytes"
    } else if name.chars().any(char::is_whitespace) {
        "Worker name must not contain whitespaces"
    } else if name.contains('/') {
        "Worker name must not contain '/'"
    } else if name.starts_with('-') {
        "Worker name must not start with '-'"
    } else {
        return Ok(name);
    };
    Err(Refusal::bad_request(format!(
        "Invalid worker name: {reason}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names have the length that upstream allows, and none of the letters that it does not.
    #[test]
    fn worker_names_are_checked() {
        let longest = "x".repeat(MAX_WORKER_NAME);
        for name in ["w1", "a-b_c.d:é", &longest] {
            assert!(worker(name).is_ok(), "{name}");
        }
        let longer = "x".repeat(MAX_WORKER_NAME + 1);
        for name in ["", "a b", "a\tb", "a/b", "-a", &longer] {
            assert!(worker(name).is_err(), "{name}");
        }
    }

    /// Versions are whole numbers from 0.
    #[test]
    fn versions_are_checked() {
        assert_eq!(version("0").unwrap(), 0);
        for text in ["-1", "x", "", "1.0", "9223372036854775808"] {
            assert!(version(text).is_err(), "{text}");
        }
    }
}
