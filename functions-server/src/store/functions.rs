//! The rows of functions and their versions.

use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

use super::{Digest, Time};

/// A version of a function.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct VersionRow {
    pub(crate) function: String,
    pub(crate) number: i64,
    pub(crate) digest: Digest,
    pub(crate) size: i64,
    pub(crate) settings: String,
    pub(crate) secrets: Option<Vec<u8>>,
    pub(crate) created: Time,
}

/// A version that has no number yet.
#[derive(Debug, Clone)]
pub(crate) struct NewVersion {
    pub(crate) function: String,
    pub(crate) digest: Digest,
    pub(crate) size: i64,
    pub(crate) settings: String,
    pub(crate) secrets: Option<Vec<u8>>,
    pub(crate) created: Time,
}

/// How many bytes of settings the rows of a page have, beyond those of its last row: one alone may have a megabyte.
const MAX_PAGE: usize = 4 << 20;

const COLUMNS: &str = "v.function, v.number, v.digest, v.size, v.settings, v.secrets, v.created";
const CURRENT: &str = "functions f JOIN versions v ON v.function = f.name AND v.number = f.current";

fn version(row: &Row<'_>) -> rusqlite::Result<VersionRow> {
    Ok(VersionRow {
        function: row.get(0)?,
        number: row.get(1)?,
        digest: row.get(2)?,
        size: row.get(3)?,
        settings: row.get(4)?,
        secrets: row.get(5)?,
        created: row.get(6)?,
    })
}

/// Adds a version, and makes it the current one.
pub(crate) fn add(connection: &Connection, new: &NewVersion) -> rusqlite::Result<VersionRow> {
    let number: i64 = connection
        .prepare_cached(
            "INSERT INTO functions (name, last_version, current, created)
             VALUES (:name, 1, 1, :created)
             ON CONFLICT (name) DO UPDATE SET
                 created = CASE WHEN current IS NULL THEN excluded.created ELSE created END,
                 last_version = last_version + 1,
                 current = last_version + 1
             RETURNING last_version",
        )?
        .query_row(
            named_params! { ":name": new.function, ":created": new.created },
            |row| row.get(0),
        )?;
    connection
        .prepare_cached(
            "INSERT INTO versions (function, number, digest, size, settings, secrets, created)
             VALUES (:function, :number, :digest, :size, :settings, :secrets, :created)",
        )?
        .execute(named_params! {
            ":function": new.function,
            ":number": number,
            ":digest": new.digest,
            ":size": new.size,
            ":settings": new.settings,
            ":secrets": new.secrets,
            ":created": new.created,
        })?;
    Ok(VersionRow {
        function: new.function.clone(),
        number,
        digest: new.digest,
        size: new.size,
        settings: new.settings.clone(),
        secrets: new.secrets.clone(),
        created: new.created,
    })
}

/// Makes a stored version the current one.
pub(crate) fn set_current(
    connection: &Connection,
    name: &str,
    number: i64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE functions SET current = ?2 WHERE name = ?1")?
        .execute((name, number))?;
    Ok(())
}

/// Takes back a version that was just added. Its number is not given again.
pub(crate) fn withdraw(
    connection: &Connection,
    name: &str,
    number: i64,
    previous: Option<i64>,
) -> rusqlite::Result<()> {
    connection.execute(
        "UPDATE functions SET current = ?2 WHERE name = ?1",
        (name, previous),
    )?;
    connection.execute(
        "DELETE FROM versions WHERE function = ?1 AND number = ?2",
        (name, number),
    )?;
    Ok(())
}

/// Deletes a function with its versions. Its numbers are not given again. Returns the digests of its
/// components, or `None` if there is no such function.
pub(crate) fn delete(connection: &Connection, name: &str) -> rusqlite::Result<Option<Vec<Digest>>> {
    let deleted = connection.execute(
        "UPDATE functions SET current = NULL WHERE name = ?1 AND current IS NOT NULL",
        [name],
    )?;
    if deleted == 0 {
        return Ok(None);
    }
    let digests = connection
        .prepare("SELECT DISTINCT digest FROM versions WHERE function = ?1")?
        .query_map([name], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    connection.execute("DELETE FROM versions WHERE function = ?1", [name])?;
    Ok(Some(digests))
}

/// The current version of a function.
pub(crate) fn current(connection: &Connection, name: &str) -> rusqlite::Result<Option<VersionRow>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM {CURRENT} WHERE f.name = ?1"
        ))?
        .query_row([name], version)
        .optional()
}

/// The current versions of functions behind `after`, by name: `limit` at most, and fewer if they are long. None
/// if there are no more.
pub(crate) fn list(
    connection: &Connection,
    after: &str,
    limit: usize,
) -> rusqlite::Result<Vec<VersionRow>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM {CURRENT} WHERE f.name > ?1 ORDER BY f.name LIMIT ?2"
    ))?;
    let rows = statement.query_map((after, one_more(limit)), version)?;
    Ok(page(rows, limit)?.0)
}

/// How many rows show whether there are more than `limit`.
fn one_more(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}

/// The first `limit` rows, or fewer if they are long, but one if there is any; and whether there are more.
fn page(
    rows: impl Iterator<Item = rusqlite::Result<VersionRow>>,
    limit: usize,
) -> rusqlite::Result<(Vec<VersionRow>, bool)> {
    let (mut taken, mut length) = (Vec::new(), 0);
    for row in rows {
        if taken.len() >= limit || length > MAX_PAGE {
            return Ok((taken, true));
        }
        let row = row?;
        length += row.settings.len() + row.secrets.as_ref().map_or(0, Vec::len);
        taken.push(row);
    }
    Ok((taken, false))
}

/// One version of a function.
pub(crate) fn get(
    connection: &Connection,
    name: &str,
    number: i64,
) -> rusqlite::Result<Option<VersionRow>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM versions v WHERE v.function = ?1 AND v.number = ?2"
        ))?
        .query_row((name, number), version)
        .optional()
}

/// The versions of a function below `before`, the newest first: `limit` at most, and fewer if they are long.
/// Also whether there are more.
pub(crate) fn versions(
    connection: &Connection,
    name: &str,
    before: i64,
    limit: usize,
) -> rusqlite::Result<(Vec<VersionRow>, bool)> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM versions v WHERE v.function = ?1 AND v.number < ?2
         ORDER BY v.number DESC LIMIT ?3"
    ))?;
    let rows = statement.query_map((name, before, one_more(limit)), version)?;
    page(rows, limit)
}

/// The versions with secrets behind one, by name and number: `limit` at most, and fewer if they are long. None if
/// there are no more.
pub(crate) fn with_secrets(
    connection: &Connection,
    (name, number): (&str, i64),
    limit: usize,
) -> rusqlite::Result<Vec<VersionRow>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM versions v
         WHERE v.secrets IS NOT NULL AND (v.function, v.number) > (?1, ?2)
         ORDER BY v.function, v.number LIMIT ?3"
    ))?;
    let rows = statement.query_map((name, number, one_more(limit)), version)?;
    Ok(page(rows, limit)?.0)
}

/// Replaces the encrypted secrets of a version, which is the same version then.
pub(crate) fn put_secrets(
    connection: &Connection,
    (name, number): (&str, i64),
    secrets: &[u8],
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE versions SET secrets = ?3 WHERE function = ?1 AND number = ?2")?
        .execute((name, number, secrets))?;
    Ok(())
}

/// The components of all current versions.
pub(crate) fn current_digests(connection: &Connection) -> rusqlite::Result<Vec<Digest>> {
    connection
        .prepare(&format!("SELECT DISTINCT v.digest FROM {CURRENT}"))?
        .query_map([], |row| row.get(0))?
        .collect()
}

/// Whether a version has this component.
pub(super) fn is_named(connection: &Connection, digest: Digest) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM versions WHERE digest = ?1)")?
        .query_row([digest], |row| row.get(0))
}

/// A version with secrets, if there is any.
pub(crate) fn any_with_secrets(connection: &Connection) -> rusqlite::Result<Option<VersionRow>> {
    connection
        .query_row(
            &format!("SELECT {COLUMNS} FROM versions v WHERE v.secrets IS NOT NULL LIMIT 1"),
            [],
            version,
        )
        .optional()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(lengths: &[usize]) -> impl Iterator<Item = rusqlite::Result<VersionRow>> {
        let row = |(number, length): (usize, &usize)| {
            Ok(VersionRow {
                function: "f".to_owned(),
                number: i64::try_from(number).unwrap(),
                digest: Digest([0; 32]),
                size: 0,
                settings: "x".repeat(*length),
                secrets: None,
                created: Time(0),
            })
        };
        lengths.iter().enumerate().map(row)
    }

    /// A page ends after its number of rows, or once they are long, and says whether there are more.
    #[test]
    fn long_rows_make_short_pages() {
        let taken = |lengths: &[usize], limit| {
            let (rows, has_more) = page(rows(lengths), limit).unwrap();
            (rows.len(), has_more)
        };
        assert_eq!(taken(&[], 10), (0, false));
        assert_eq!(taken(&[9; 10], 10), (10, false));
        assert_eq!(taken(&[9; 11], 10), (10, true));
        assert_eq!(taken(&[2 * MAX_PAGE], 10), (1, false));
        assert_eq!(taken(&[2 * MAX_PAGE, 1], 10), (1, true));
        assert_eq!(taken(&[1 << 20; 1000], 1000), (5, true));
    }
}
