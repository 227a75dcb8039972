//! How long invocations are kept that have ended.

use rusqlite::Connection;

use crate::store::Time;

/// When what ends at some time is over.
#[derive(Debug, Clone)]
pub(crate) struct Expiry {
    pub(crate) default: Time,
    /// Of sources that have their own time.
    pub(crate) own: Vec<(&'static str, Time)>,
}

impl Expiry {
    pub(crate) fn of(&self, source: &str) -> Time {
        let own = self.own.iter().find(|(of, _)| *of == source);
        own.map_or(self.default, |(_, expires)| *expires)
    }
}

/// Deletes up to `limit` invocations whose time is over; returns how many.
pub(crate) fn delete_expired(
    connection: &Connection,
    now: Time,
    limit: i64,
) -> rusqlite::Result<usize> {
    connection
        .prepare_cached(
            "DELETE FROM invocations WHERE id IN
                 (SELECT id FROM invocations WHERE expires IS NOT NULL AND expires <= ?1 LIMIT ?2)",
        )?
        .execute((now, limit))
}
