//! Whole numbers on the command line.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// How many there are of something of which there has to be one.
pub(super) fn positive(text: &str) -> Result<u32, String> {
    within(text, 1..=u32::MAX)
}

/// How many there are of something, or none.
pub(super) fn any(text: &str) -> Result<u32, String> {
    within(text, 0..=u32::MAX)
}

/// The same, where there may be as many as the machine can count.
pub(super) fn any_size(text: &str) -> Result<usize, String> {
    within(text, 0..=usize::MAX)
}

/// A number within a range.
pub(super) fn within<N>(text: &str, range: RangeInclusive<N>) -> Result<N, String>
where
    N: FromStr + PartialOrd + Display,
{
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| {
        let (least, most) = (range.start(), range.end());
        format!("expected a whole number from {least} to {most}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ends of a range are in it, and whatever is not in it is told what is.
    #[test]
    fn numbers_outside_the_range_are_told_it() {
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
