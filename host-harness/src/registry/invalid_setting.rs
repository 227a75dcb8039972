//! A setting that the host cannot apply, and the bounds of settings.

use std::fmt;
use std::time::Duration;

/// A function's setting that a host cannot apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidSetting {
    setting: &'static str,
    given: Option<String>,
    reason: String,
    is_above_limit: bool,
}

impl InvalidSetting {
    pub(crate) fn new(setting: &'static str, reason: impl Into<String>) -> Self {
        Self {
            setting,
            given: None,
            reason: reason.into(),
            is_above_limit: false,
        }
    }

    /// The name of a field of [`FunctionSettings`](crate::FunctionSettings).
    #[must_use]
    pub fn setting(&self) -> &'static str {
        self.setting
    }

    /// A setting that allows more than the host does.
    pub(crate) fn above(setting: &'static str, given: String, reason: String) -> Self {
        Self {
            given: Some(given),
            is_above_limit: true,
            ..Self::new(setting, reason)
        }
    }

    /// The value, unless the reason has it.
    #[must_use]
    pub fn given(&self) -> Option<&str> {
        self.given.as_deref()
    }

    /// Why the setting is invalid, or what is expected instead of its value.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Whether a host with a higher limit would apply the setting.
    #[must_use]
    pub fn is_above_limit(&self) -> bool {
        self.is_above_limit
    }
}

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid setting {}: ", self.setting)?;
        if let Some(given) = &self.given {
            write!(f, "{given}; ")?;
        }
        f.write_str(&self.reason)
    }
}

impl std::error::Error for InvalidSetting {}

/// A number within the host's limit, which is the default.
pub(super) fn number<N: Copy + PartialOrd + fmt::Display>(
    setting: &'static str,
    own: Option<N>,
    least: N,
    host: N,
) -> Result<N, InvalidSetting> {
    bounded(setting, own, least, host, |number| number.to_string())
}

/// A number of bytes within the host's limit, which is the default.
pub(super) fn size<N: Copy + PartialOrd + TryInto<u64>>(
    setting: &'static str,
    own: Option<N>,
    least: N,
    host: N,
) -> Result<N, InvalidSetting> {
    bounded(setting, own, least, host, |bytes| {
        shown_size(bytes.try_into().unwrap_or(u64::MAX))
    })
}

/// A time within the host's limit, which is the default.
pub(super) fn time(
    setting: &'static str,
    own: Option<Duration>,
    host: Duration,
) -> Result<Duration, InvalidSetting> {
    let shown = |time| humantime::format_duration(time).to_string();
    let time = bounded(setting, own, Duration::ZERO, host, shown)?;
    match own {
        Some(Duration::ZERO) => Err(InvalidSetting {
            given: Some(shown(time)),
            ..InvalidSetting::new(setting, "expected more than 0s")
        }),
        _ => Ok(time),
    }
}

fn bounded<V: Copy + PartialOrd>(
    setting: &'static str,
    own: Option<V>,
    least: V,
    host: V,
    shown: impl Fn(V) -> String,
) -> Result<V, InvalidSetting> {
    let Some(own) = own else {
        return Ok(host);
    };
    let reason = match own {
        own if own > host => format!("expected at most the host's {}", shown(host)),
        own if own < least => format!("expected at least {}", shown(least)),
        own => return Ok(own),
    };
    Err(InvalidSetting {
        setting,
        given: Some(shown(own)),
        reason,
        is_above_limit: own > host,
    })
}

/// A number of bytes in the largest unit that is exact.
fn shown_size(bytes: u64) -> String {
    let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    let exact = |(_, unit): &(&str, u64)| bytes != 0 && bytes.is_multiple_of(*unit);
    match units.into_iter().find(exact) {
        Some((name, unit)) => format!("{}{name}", bytes / unit),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both bounds are valid; beyond them, the error has the value and the bound in the units of settings.
    #[test]
    fn bounds_are_checked() {
        assert_eq!(number("queue", None, 1, 8), Ok(8));
        assert_eq!(number("queue", Some(1), 1, 8), Ok(1));
        assert_eq!(number("queue", Some(8), 1, 8), Ok(8));
        let refused = number("queue", Some(9), 1, 8).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "invalid setting queue: 9; expected at most the host's 8"
        );
        assert!(refused.is_above_limit());
        let refused = number("queue", Some(0), 1, 8).unwrap_err();
        assert_eq!(refused.reason(), "expected at least 1");
        assert!(!refused.is_above_limit());

        let second = Duration::from_secs(1);
        assert_eq!(time("timeout", Some(second), second), Ok(second));
        let refused = time("timeout", Some(90 * second), 30 * second).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "invalid setting timeout: 1m 30s; expected at most the host's 30s"
        );
        let refused = time("timeout", Some(Duration::ZERO), second).unwrap_err();
        assert_eq!(refused.reason(), "expected more than 0s");

        let refused = size("memory", Some(999_u64 << 30), 1, 128 << 20).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "invalid setting memory: 999GiB; expected at most the host's 128MiB"
        );
        let refused = size("memory", Some(1025_u64), 1, 1024).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "invalid setting memory: 1025 bytes; expected at most the host's 1KiB"
        );
    }
}
