//! Sizes on the command line: `64MiB`, `1GiB`, `65536`.

/// The units, largest last, and how many bytes one has.
const UNITS: [(&str, usize); 4] = [
    ("", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// A number of bytes, with or without a unit.
pub(super) fn parse(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|last: char| !last.is_ascii_digit());
    let unit = text.get(digits.len()..).unwrap_or_default().trim();
    let number: Option<usize> = digits.trim().parse().ok();
    let unit = UNITS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(unit));
    match (number, unit) {
        (Some(number), Some((_, bytes))) => number
            .checked_mul(*bytes)
            .ok_or_else(|| "too large for this machine".into()),
        _ => Err("not a size: give a number of bytes, or of KiB, MiB or GiB, such as 64MiB".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every unit is a power of 1024; anything else is an error, never a wrong size.
    #[test]
    fn sizes() {
        assert_eq!(parse("65536"), Ok(65536));
        assert_eq!(parse("64MiB"), Ok(64 * 1024 * 1024));
        assert_eq!(parse("1 gib"), Ok(1024 * 1024 * 1024));
        for bad in [
            "",
            "MiB",
            "1MB",
            "-1",
            "1.5MiB",
            "1MiBx",
            "18446744073709551615GiB",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
