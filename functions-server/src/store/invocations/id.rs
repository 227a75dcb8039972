use std::fmt;

use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};

use crate::store::Time;

/// An invocation's id: 48 bits of milliseconds since 1970, then 80 random bits. So ids grow with time, and
/// cannot be guessed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct QueuedId(pub(crate) [u8; 16]);

impl QueuedId {
    /// No id is greater.
    pub(crate) const MAX: Self = Self([u8::MAX; 16]);

    pub(crate) fn new(now: Time) -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        let (time, random) = bytes.split_at_mut(6);
        getrandom::fill(random)?;
        let milliseconds = now.0.to_be_bytes();
        time.copy_from_slice(milliseconds.get(2..).unwrap_or(&[0; 6]));
        Ok(Self(bytes))
    }

    /// Parses 32 hexadecimal digits in lower case, as `Display` writes them.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_digit = |digit: u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 32 || !text.bytes().all(is_digit) {
            return None;
        }
        u128::from_str_radix(text, 16)
            .ok()
            .map(|number| Self(number.to_be_bytes()))
    }
}

impl fmt::Display for QueuedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for QueuedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl ToSql for QueuedId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(&self.0)))
    }
}

impl FromSql for QueuedId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = value.as_blob()?.try_into();
        bytes.map(Self).map_err(|_| FromSqlError::InvalidType)
    }
}
