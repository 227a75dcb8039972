//! Parses durations: `30s`, `5m`, `250ms`.

use std::time::Duration;

/// Parses any duration, also zero.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| match error {
        humantime::DurationError::NumberOverflow => {
            "too long, or shorter than 1ns: expected a duration such as 30s, 5m or 250ms".into()
        }
        _ => "expected numbers with units, such as 30s, 5m or 250ms".into(),
    })
}

/// Parses a duration that has to be longer than zero.
pub(crate) fn positive(text: &str) -> Result<Duration, String> {
    let duration = parse(text)?;
    if duration.is_zero() {
        return Err("too short: expected a duration longer than zero, such as 30s".into());
    }
    Ok(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Any duration but zero is accepted, however short or long.
    #[test]
    fn zero_is_refused() {
        assert_eq!(positive("1ns"), Ok(Duration::from_nanos(1)));
        assert_eq!(positive("5m"), Ok(Duration::from_secs(300)));
        for zero in ["0", "0s", "0ms 0h"] {
            assert_eq!(parse(zero), Ok(Duration::ZERO), "{zero}");
            assert!(positive(zero).unwrap_err().contains("30s"), "{zero}");
        }
    }

    /// An invalid duration is refused with an example.
    #[test]
    fn invalid_durations_are_refused_with_an_example() {
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
