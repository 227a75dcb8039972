use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlResult, ToSqlOutput, ValueRef};

/// A time in milliseconds since 1970, written as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(pub(crate) i64);

impl Time {
    pub(crate) fn now() -> Self {
        Self(Timestamp::now().as_millisecond())
    }

    /// Parses RFC 3339 with any offset.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let time: Timestamp = text.parse().ok()?;
        Some(Self(time.as_millisecond()))
    }

    /// The latest time there is, if the sum is beyond it.
    pub(crate) fn after(self, duration: Duration) -> Self {
        let milliseconds = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        // The last millisecond of it is out of the range of `Timestamp::from_millisecond`.
        let latest = Timestamp::MAX.as_second() * 1000;
        Self(self.0.saturating_add(milliseconds).min(latest))
    }

    /// The same for a number of milliseconds.
    pub(crate) fn after_milliseconds(self, milliseconds: i64) -> Self {
        self.after(Duration::from_millis(
            u64::try_from(milliseconds).unwrap_or(0),
        ))
    }

    /// The earliest time there is, if the difference is before it.
    pub(crate) fn before(self, duration: Duration) -> Self {
        let milliseconds = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let earliest = Timestamp::MIN.as_millisecond();
        Self(self.0.saturating_sub(milliseconds).max(earliest))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH);
        write!(f, "{time:.3}")
    }
}

impl ToSql for Time {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

impl FromSql for Time {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        i64::column_result(value).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The latest time is shown as such, and not as the earliest.
    #[test]
    fn latest_time_is_shown() {
        let latest = Time::now().after(Duration::from_secs(u64::MAX));
        assert!(latest.to_string().starts_with("9999-12-"), "{latest}");
    }
}
