//! Invocations that are accepted.

use rusqlite::{Connection, OptionalExtension as _, named_params};

use super::{QueuedId, StoredMessage};
use crate::store::{Digest, Time};

/// An invocation that was not accepted yet.
#[derive(Debug, Clone)]
pub(crate) struct NewInvocation {
    pub(crate) id: QueuedId,
    pub(crate) source: &'static str,
    pub(crate) name: Option<String>,
    pub(crate) function: String,
    /// The client's key, and the digest of its request.
    pub(crate) key: Option<(String, Digest)>,
    pub(crate) accepted: Time,
    pub(crate) request: StoredMessage,
}

/// What came of adding an invocation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Added {
    New,
    /// The same request came before, under the same key.
    Same(QueuedId),
    /// Another request came before, under the same key.
    OtherRequest,
}

/// What comes of adding an invocation whose key is known; `None` if it is not.
pub(crate) fn known(
    connection: &Connection,
    function: &str,
    source: &str,
    key: Option<&(String, Digest)>,
) -> rusqlite::Result<Option<Added>> {
    let Some((key, fingerprint)) = key else {
        return Ok(None);
    };
    let known: Option<(QueuedId, Digest)> = connection
        .prepare_cached(
            "SELECT id, fingerprint FROM invocations
             WHERE function = ?1 AND source = ?2 AND key = ?3 AND key IS NOT NULL",
        )?
        .query_row((function, source, key), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    Ok(known.map(|(id, digest)| match digest == *fingerprint {
        true => Added::Same(id),
        false => Added::OtherRequest,
    }))
}

/// Adds an invocation, unless its key is known.
pub(crate) fn add(connection: &Connection, new: &NewInvocation) -> rusqlite::Result<Added> {
    let (key, fingerprint) = new.key.as_ref().map_or((None, None), |(key, digest)| {
        (Some(key.as_str()), Some(*digest))
    });
    if let Some(known) = known(connection, &new.function, new.source, new.key.as_ref())? {
        return Ok(known);
    }
    connection
        .prepare_cached(
            "INSERT INTO invocations (id, source, name, function, key, fingerprint, state, accepted, request_id)
             VALUES (:id, :source, :name, :function, :key, :fingerprint, 'queued', :accepted,
                 :head ->> '$.request_id')",
        )?
        .execute(named_params! {
            ":id": new.id,
            ":source": new.source,
            ":name": new.name,
            ":function": new.function,
            ":key": key,
            ":fingerprint": fingerprint,
            ":accepted": new.accepted,
            ":head": new.request.head,
        })?;
    connection
        .prepare_cached("INSERT INTO invocation_requests (id, head, body) VALUES (?1, ?2, ?3)")?
        .execute((new.id, &new.request.head, &*new.request.body))?;
    Ok(Added::New)
}
