//! Reads the segments of paths.

use uuid::Uuid;

use super::answer::ErrorResponse;
use crate::workers::check_name;

/// The id of a component.
pub(super) fn component(text: &str) -> Result<Uuid, ErrorResponse> {
    Uuid::try_parse(text).map_err(|error| {
        ErrorResponse::bad_request(format!("failed to parse path `component_id`: {error}"))
    })
}

/// The number of a component's version.
pub(super) fn version(text: &str) -> Result<i64, ErrorResponse> {
    let number = text.parse().ok().filter(|number| *number >= 0);
    number.ok_or_else(|| ErrorResponse::bad_request("Invalid version"))
}

/// The name of a worker.
pub(super) fn worker(name: &str) -> Result<&str, ErrorResponse> {
    match check_name(name) {
        Ok(()) => Ok(name),
        Err(reason) => Err(ErrorResponse::bad_request(format!(
            "Invalid worker name: {reason}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Versions are whole numbers from 0.
    #[test]
    fn versions_are_checked() {
        assert_eq!(version("0").unwrap(), 0);
        for text in ["-1", "x", "", "1.0", "9223372036854775808"] {
            assert!(version(text).is_err(), "{text}");
        }
    }
}
