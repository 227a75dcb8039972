//! Parses and shows sizes: `64MiB`, `1GiB`, `65536`.

/// The units, largest last, with their number of bytes.
const UNITS: [(&str, usize); 4] = [
    ("", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// The expected form.
const EXPECTED: &str = "expected a number of bytes, KiB, MiB or GiB, such as 64MiB";

/// Parses a number of bytes with or without a unit, also zero.
pub(crate) fn parse(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|last: char| !last.is_ascii_digit());
    let unit = text.get(digits.len()..).unwrap_or_default().trim();
    let digits = digits.trim();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let unit = UNITS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(unit));
    let Some((_, bytes)) = unit.filter(|_| is_number) else {
        return Err(EXPECTED.into());
    };
    let number: Option<usize> = digits.parse().ok();
    number
        .and_then(|number| number.checked_mul(*bytes))
        .ok_or_else(|| format!("too large for this machine: {EXPECTED}"))
}

/// Parses a size of at least one byte.
pub(crate) fn positive(text: &str) -> Result<usize, String> {
    match parse(text)? {
        0 => Err("too small: expected a size of at least one byte, such as 64MiB".into()),
        size => Ok(size),
    }
}

/// A number of bytes for people, in KiB or MiB.
pub(crate) fn shown(bytes: usize) -> String {
    let kib = bytes.div_ceil(1 << 10);
    match kib {
        ..1024 => format!("{kib} KiB"),
        _ => format!("{}.{} MiB", kib / 1024, kib % 1024 * 10 / 1024),
    }
}

/// A number of bytes for people who compare, in KiB with a decimal.
pub(crate) fn exact(bytes: usize) -> String {
    let tenths = (bytes * 10).div_ceil(1 << 10);
    format!("{}.{} KiB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sizes are shown in the unit that is short.
    #[test]
    fn sizes_are_shown_for_people() {
        for (bytes, text) in [(0, "0 KiB"), (1 << 16, "64 KiB"), (17 << 16, "1.0 MiB")] {
            assert_eq!(shown(bytes), text);
        }
        assert_eq!(shown(3 << 19), "1.5 MiB");
        assert_eq!(exact(1500), "1.5 KiB");
    }

    /// Every unit is a power of 1024; anything else is an error, never a wrong size.
    #[test]
    fn sizes_are_parsed_in_powers_of_1024() {
        assert_eq!(parse("65536"), Ok(65536));
        assert_eq!(parse("64MiB"), Ok(64 * 1024 * 1024));
        assert_eq!(parse("1 gib"), Ok(1024 * 1024 * 1024));
        for bad in [
            "",
            "MiB",
            "1MB",
            "-1",
            "+1",
            "1.5MiB",
            "1MiBx",
            "1\u{202e}MiB",
            "18446744073709551615GiB",
            "99999999999999999999",
        ] {
            let error = parse(bad).unwrap_err();
            assert!(error.contains("such as 64MiB"), "{bad}: {error}");
        }
    }

    /// Zero bytes are refused if something has to fit.
    #[test]
    fn zero_is_refused() {
        for zero in ["0", "0KiB", "00 MiB"] {
            assert_eq!(parse(zero), Ok(0));
            assert!(positive(zero).unwrap_err().contains("64MiB"), "{zero}");
        }
        assert_eq!(positive("1"), Ok(1));
    }
}
