//! Durations on the command line: `30s`, `5m`, `250ms`.

use std::time::Duration;

/// Any duration, also one of nothing.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| match error {
        humantime::DurationError::NumberOverflow => {
            "too long, or shorter than 1ns: expected a duration such as 30s, 5m or 250ms".into()
        }
        _ => "expected numbers with units, such as 30s, 5m or 250ms".into(),
    })
}

/// A duration within which something has to happen: longer than nothing.
pub(super) fn positive(text: &str) -> Result<Duration, String> {
    let duration = parse(text)?;
    if duration.is_zero() {
        return Err("nothing is ready in no time: expected a longer one, such as 30s".into());
    }
    Ok(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything but nothing is a duration, however short or long.
    #[test]
    fn zero_is_refused() {
        assert_eq!(positive("1ns"), Ok(Duration::from_nanos(1)));
        assert_eq!(positive("5m"), Ok(Duration::from_secs(300)));
        for zero in ["0", "0s", "0ms 0h"] {
            assert_eq!(parse(zero), Ok(Duration::ZERO), "{zero}");
            assert!(positive(zero).unwrap_err().contains("30s"), "{zero}");
        }
    }

    /// What is no duration is told what one looks like.
    #[test]
    fn invalid_durations_are_told_what_to_give() {
        for invalid in [
            "",
            " ",
            "x",
            "30",
            "s",
            "-1s",
            "5 parsecs",
            "30\u{202e}s",
            "99999999999999999999s",
        ] {
            for error in [parse(invalid), positive(invalid)] {
                let error = error.unwrap_err();
                assert!(
                    error.contains("such as 30s, 5m or 250ms"),
                    "{invalid}: {error}"
                );
            }
        }
    }
}
