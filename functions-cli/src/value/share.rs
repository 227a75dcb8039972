use std::str::FromStr;

/// One in N, such as `1/1000`, or 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share(u32);

impl Share {
    /// The default of [`Limits`](host_harness::Limits).
    pub(crate) const DEFAULT: &str = if cfg!(debug_assertions) {
        "1/1"
    } else {
        "1/1000"
    };

    pub(crate) fn of(self) -> u32 {
        self.0
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = match text {
            "0" => Some(0),
            _ => text
                .strip_prefix("1/")
                .and_then(|of| of.parse().ok())
                .filter(|of| *of > 0),
        };
        let invalid = || "expected 1/N, such as 1/1000, or 0 for none".to_owned();
        number.map(Self).ok_or_else(invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use host_harness::Limits;

    /// Anything but one in N is refused, and the default is the library's.
    #[test]
    fn shares_are_one_in_n() {
        let parse = |text: &str| text.parse().map(Share::of);
        assert_eq!(parse("1/1000"), Ok(1000));
        assert_eq!(parse("0"), Ok(0));
        for invalid in [
            "",
            "1",
            "1000",
            "1/0",
            "2/3",
            "1/-1",
            "1/4294967296",
            "never",
        ] {
            assert!(parse(invalid).is_err(), "{invalid}");
        }
        assert_eq!(parse(Share::DEFAULT), Ok(Limits::default().verify_reuse));
    }
}
