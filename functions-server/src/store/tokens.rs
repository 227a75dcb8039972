//! The rows of tokens.

use rusqlite::{Connection, Row, named_params};

use super::{Digest, Time};

/// A token, without the token itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TokenRow {
    pub(crate) id: String,
    pub(crate) hash: Digest,
    pub(crate) name: String,
    pub(crate) scopes: String,
    pub(crate) functions: Option<String>,
    pub(crate) metadata: Option<String>,
    pub(crate) created: Time,
    pub(crate) expires: Option<Time>,
}

fn token(row: &Row<'_>) -> rusqlite::Result<TokenRow> {
    Ok(TokenRow {
        id: row.get(0)?,
        hash: row.get(1)?,
        name: row.get(2)?,
        scopes: row.get(3)?,
        functions: row.get(4)?,
        metadata: row.get(5)?,
        created: row.get(6)?,
        expires: row.get(7)?,
    })
}

/// All tokens, the oldest first.
pub(crate) fn list(connection: &Connection) -> rusqlite::Result<Vec<TokenRow>> {
    connection
        .prepare_cached(
            "SELECT id, hash, name, scopes, functions, metadata, created, expires FROM tokens
             ORDER BY created, id",
        )?
        .query_map([], token)?
        .collect()
}

pub(crate) fn add(connection: &Connection, row: &TokenRow) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO tokens (id, hash, name, scopes, functions, metadata, created, expires)
             VALUES (:id, :hash, :name, :scopes, :functions, :metadata, :created, :expires)",
        )?
        .execute(named_params! {
            ":id": row.id,
            ":hash": row.hash,
            ":name": row.name,
            ":scopes": row.scopes,
            ":functions": row.functions,
            ":metadata": row.metadata,
            ":created": row.created,
            ":expires": row.expires,
        })?;
    Ok(())
}

pub(crate) fn delete(connection: &Connection, id: &str) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM tokens WHERE id = ?1", [id])?;
    Ok(())
}
