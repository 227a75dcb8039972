//! Durations and sizes as settings have them: text, which is kept as it was given.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A quantity with its text. Two texts of the same quantity are equal.
pub(crate) struct Quantity<Kind: Parse> {
    text: String,
    value: Kind::Value,
    kind: PhantomData<Kind>,
}

/// How a text stands for a quantity.
pub(crate) trait Parse {
    type Value: Copy + PartialEq;
    const EXPECTED: &'static str;
    fn parse(text: &str) -> Option<Self::Value>;
}

/// `"30s"`, `"5m"`, `"250ms"`.
pub(crate) enum Span {}
/// `"64MiB"`, `"1GiB"`, `"65536"`.
pub(crate) enum Size {}

impl Parse for Span {
    type Value = Duration;
    const EXPECTED: &'static str = "expected a duration such as \"30s\", \"5m\" or \"250ms\"";

    fn parse(text: &str) -> Option<Duration> {
        humantime::parse_duration(text).ok()
    }
}

impl Parse for Size {
    type Value = u64;
    const EXPECTED: &'static str = "expected a text such as \"64MiB\", \"1GiB\" or \"65536\"";

    fn parse(text: &str) -> Option<u64> {
        let digits = text.trim_end_matches(|last: char| !last.is_ascii_digit());
        let unit = text.get(digits.len()..)?.trim().to_ascii_lowercase();
        let factor = match unit.as_str() {
            "" => 1,
            "kib" => 1 << 10,
            "mib" => 1 << 20,
            "gib" => 1 << 30,
            _ => return None,
        };
        let is_number = digits.bytes().all(|digit| digit.is_ascii_digit());
        let number: u64 = digits.parse().ok().filter(|_| is_number)?;
        number.checked_mul(factor)
    }
}

impl<Kind: Parse> Quantity<Kind> {
    pub(crate) fn value(&self) -> Kind::Value {
        self.value
    }
}

impl<'de, Kind: Parse> Deserialize<'de> for Quantity<Kind> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A number would leave its unit open.
        let text =
            String::deserialize(deserializer).map_err(|_| D::Error::custom(Kind::EXPECTED))?;
        match Kind::parse(&text) {
            Some(value) => Ok(Self {
                text,
                value,
                kind: PhantomData,
            }),
            None => Err(D::Error::custom(format!("{text:?}: {}", Kind::EXPECTED))),
        }
    }
}

impl<Kind: Parse> Serialize for Quantity<Kind> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(serializer)
    }
}

impl<Kind: Parse> Clone for Quantity<Kind> {
    fn clone(&self) -> Self {
        Self {
            text: self.text.clone(),
            value: self.value,
            kind: PhantomData,
        }
    }
}

impl<Kind: Parse> PartialEq for Quantity<Kind> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<Kind: Parse> fmt::Debug for Quantity<Kind> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sizes have units of 1024; anything else is refused.
    #[test]
    fn sizes_are_powers_of_1024() {
        assert_eq!(Size::parse("65536"), Some(65536));
        assert_eq!(Size::parse("64MiB"), Some(64 << 20));
        assert_eq!(Size::parse("1 GiB"), Some(1 << 30));
        for bad in [
            "",
            "MiB",
            "1MB",
            "-1",
            "+1",
            "1.5MiB",
            "99999999999999999999",
            "18446744073709551615GiB",
        ] {
            assert_eq!(Size::parse(bad), None, "{bad}");
        }
    }

    /// Two texts of one duration are equal, and each keeps its text.
    #[test]
    fn quantities_keep_their_text() {
        let parse = |text: &str| serde_json::from_str::<Quantity<Span>>(text).unwrap();
        let (one, other) = (parse("\"1s\""), parse("\"1000ms\""));
        assert_eq!(one, other);
        assert_eq!(serde_json::to_string(&other).unwrap(), "\"1000ms\"");
        assert!(serde_json::from_str::<Quantity<Span>>("30").is_err());
    }
}
