//! The rows of components and their versions.

use rusqlite::{Connection, OptionalExtension as _, Row, named_params};
use uuid::Uuid;

use super::{Digest, Time};

/// A version of a component.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ComponentRow {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    /// From 0.
    pub(crate) number: i64,
    pub(crate) digest: Digest,
    pub(crate) size: i64,
    pub(crate) is_ephemeral: bool,
    /// A JSON object of texts.
    pub(crate) env: String,
    /// JSON.
    pub(crate) metadata: String,
    pub(crate) created: Time,
}

/// A version that has no number yet.
#[derive(Debug, Clone)]
pub(crate) struct NewComponent {
    pub(crate) digest: Digest,
    pub(crate) size: i64,
    pub(crate) is_ephemeral: bool,
    pub(crate) env: String,
    pub(crate) metadata: String,
    pub(crate) created: Time,
}

const COLUMNS: &str =
    "v.component, c.name, v.number, v.digest, v.size, v.is_ephemeral, v.env, v.metadata, v.created";
const VERSIONS: &str = "component_versions v JOIN components c ON c.id = v.component";

fn component(row: &Row<'_>) -> rusqlite::Result<ComponentRow> {
    Ok(ComponentRow {
        id: Uuid::from_bytes(row.get(0)?),
        name: row.get(1)?,
        number: row.get(2)?,
        digest: row.get(3)?,
        size: row.get(4)?,
        is_ephemeral: row.get(5)?,
        env: row.get(6)?,
        metadata: row.get(7)?,
        created: row.get(8)?,
    })
}

/// Adds a component, unless the name is in use; then, returns the id of what has it.
pub(crate) fn create(
    connection: &Connection,
    id: Uuid,
    name: &str,
    version: &NewComponent,
) -> rusqlite::Result<Result<ComponentRow, Uuid>> {
    if let Some(taken) = find(connection, name)? {
        return Ok(Err(taken));
    }
    connection
        .prepare_cached("INSERT INTO components (id, name) VALUES (?1, ?2)")?
        .execute((id.as_bytes(), name))?;
    let row = update(connection, id, version)?;
    row.map(Ok).ok_or(rusqlite::Error::QueryReturnedNoRows)
}

/// Adds a version to a component; `None` if there is no such component.
pub(crate) fn update(
    connection: &Connection,
    id: Uuid,
    version: &NewComponent,
) -> rusqlite::Result<Option<ComponentRow>> {
    let number: Option<i64> = connection
        .prepare_cached(
            "INSERT INTO component_versions
                 (component, number, digest, size, is_ephemeral, env, metadata, created)
             SELECT id,
                 (SELECT coalesce(max(number) + 1, 0) FROM component_versions WHERE component = :id),
                 :digest, :size, :is_ephemeral, :env, :metadata, :created
             FROM components WHERE id = :id
             RETURNING number",
        )?
        .query_row(
            named_params! {
                ":id": id.as_bytes(),
                ":digest": version.digest,
                ":size": version.size,
                ":is_ephemeral": version.is_ephemeral,
                ":env": version.env,
                ":metadata": version.metadata,
                ":created": version.created,
            },
            |row| row.get(0),
        )
        .optional()?;
    match number {
        Some(number) => get(connection, id, number),
        None => Ok(None),
    }
}

/// The id of the component with a name.
pub(crate) fn find(connection: &Connection, name: &str) -> rusqlite::Result<Option<Uuid>> {
    connection
        .prepare_cached("SELECT id FROM components WHERE name = ?1")?
        .query_row([name], |row| Ok(Uuid::from_bytes(row.get(0)?)))
        .optional()
}

/// A version of a component.
pub(crate) fn get(
    connection: &Connection,
    id: Uuid,
    number: i64,
) -> rusqlite::Result<Option<ComponentRow>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM {VERSIONS} WHERE v.component = ?1 AND v.number = ?2"
        ))?
        .query_row((id.as_bytes(), number), component)
        .optional()
}

/// Whether a version of a component is durable, or one before it.
pub(crate) fn has_durable(
    connection: &Connection,
    id: Uuid,
    number: i64,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM component_versions
                 WHERE component = ?1 AND number <= ?2 AND NOT is_ephemeral)",
        )?
        .query_row((id.as_bytes(), number), |row| row.get(0))
}

/// The number of the latest version of a component.
pub(crate) fn latest(connection: &Connection, id: Uuid) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT max(number) FROM component_versions WHERE component = ?1")?
        .query_row([id.as_bytes()], |row| row.get(0))
}

/// All versions of a component, the oldest first.
pub(crate) fn versions(connection: &Connection, id: Uuid) -> rusqlite::Result<Vec<ComponentRow>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM {VERSIONS} WHERE v.component = ?1 ORDER BY v.number"
        ))?
        .query_map([id.as_bytes()], component)?
        .collect()
}

/// All versions of all components, or of the one with this name.
pub(crate) fn list(
    connection: &Connection,
    name: Option<&str>,
) -> rusqlite::Result<Vec<ComponentRow>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM {VERSIONS} WHERE ?1 IS NULL OR c.name = ?1 ORDER BY c.name, v.number"
        ))?
        .query_map([name], component)?
        .collect()
}

/// The components of all latest versions.
pub(crate) fn latest_digests(connection: &Connection) -> rusqlite::Result<Vec<Digest>> {
    connection
        .prepare(
            "SELECT DISTINCT digest FROM component_versions v WHERE number =
                 (SELECT max(number) FROM component_versions WHERE component = v.component)",
        )?
        .query_map([], |row| row.get(0))?
        .collect()
}

/// Whether a version has this file.
pub(super) fn is_named(connection: &Connection, digest: Digest) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM component_versions WHERE digest = ?1)")?
        .query_row([digest], |row| row.get(0))
}
