//! Durations on the command line: `30s`, `5m`, `250ms`.

use std::time::Duration;

/// A duration within which something has to happen: longer than nothing.
pub(super) fn positive(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text).map_err(|error| error.to_string())?;
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
            assert!(positive(zero).unwrap_err().contains("30s"), "{zero}");
        }
        assert!(positive("soon").is_err());
    }
}
