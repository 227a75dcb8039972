//! Parses whole numbers.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Parses a number of at least one.
pub(crate) fn positive(text: &str) -> Result<u32, String> {
    within(text, 1..=u32::MAX)
}

/// Parses a number, also zero.
pub(crate) fn any(text: &str) -> Result<u32, String> {
    within(text, 0..=u32::MAX)
}

/// Parses a number with the machine's full range, also zero.
pub(crate) fn any_size(text: &str) -> Result<usize, String> {
    within(text, 0..=usize::MAX)
}

/// Parses a number within a range.
pub(crate) fn within<N>(text: &str, range: RangeInclusive<N>) -> Result<N, String>
where
    N: FromStr + PartialOrd + Display,
{
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| {
        let (min, max) = (range.start(), range.end());
        format!("expected a whole number from {min} to {max}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ends of a range are valid, and the error names the range.
    #[test]
    fn numbers_outside_the_range_are_refused() {
        assert_eq!(positive("1"), Ok(1));
        assert_eq!(any("0"), Ok(0));
        assert_eq!(any_size("0"), Ok(0));
        assert_eq!(within("16", 0..=16), Ok(16));
        let expected =
            |least: u8, most: &str| Err(format!("expected a whole number from {least} to {most}"));
        for invalid in ["", "x", "-1", "1.5", "4294967296", "1\u{202e}", "1 "] {
            assert_eq!(any(invalid), expected(0, "4294967295"), "{invalid}");
        }
        assert_eq!(positive("0"), expected(1, "4294967295"));
        assert_eq!(
            within("17", 0..=16),
            Err("expected a whole number from 0 to 16".into())
        );
    }
}
