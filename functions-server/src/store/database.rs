//! Opens the database: checks it before anything is written, then brings it to this release's version.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use rusqlite_migration::{M, Migrations};

use super::OpenError;
use super::folder::Folder;

/// Marks the file as ours, for `file` and for the check that a database is not another program's.
const APPLICATION_ID: i32 = 0x66_6e_63_73;

const STEPS: &[M<'_>] = &[
    M::up(include_str!("initial.sql")),
    M::up(include_str!("invocations.sql")),
    M::up(include_str!("calls.sql")),
    M::up(include_str!("workers.sql")),
    M::up(include_str!("components.sql")),
    M::up(include_str!("worker_results.sql")),
    M::up(include_str!("call_functions.sql")),
    M::up(include_str!("call_pauses.sql")),
    M::up(include_str!("invocation_request_ids.sql")),
    M::up(include_str!("call_restarts.sql")),
];
const MIGRATIONS: Migrations<'_> = Migrations::from_slice(STEPS);

/// The version of the database that this release writes.
const VERSION: i64 = 10;

/// How many statements the writer keeps prepared: all that requests cause.
const STATEMENTS: usize = 128;

/// Opens the writer's connection.
pub(super) fn open(folder: &Folder) -> Result<Connection, OpenError> {
    let database = folder.database();
    if database.metadata().is_ok_and(|found| !found.is_file()) {
        return Err(foreign(folder));
    }
    let mut connection = connect(&database).map_err(|error| wrap(folder, error))?;
    check(folder, &connection)?;
    configure(&connection).map_err(|error| wrap(folder, error))?;
    migrate(folder, &mut connection)?;
    Ok(connection)
}

/// Opens a connection for reading.
pub(super) fn open_reader(database: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    Ok(connection)
}

fn connect(database: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(database, flags)
}

/// Refuses a database that another program or a newer release wrote, or that is damaged.
fn check(folder: &Folder, connection: &Connection) -> Result<(), OpenError> {
    let wrapped = |error| wrap(folder, error);
    // SQLite opens a file for reading that this user may not write.
    if connection.is_readonly("main").map_err(wrapped)? {
        let denied = std::io::ErrorKind::PermissionDenied;
        return Err(OpenError::of_file(folder.path(), denied.into()));
    }
    let version: i64 = pragma(connection, "user_version").map_err(wrapped)?;
    let application: i32 = pragma(connection, "application_id").map_err(wrapped)?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(wrapped)?;
    let is_new = version == 0 && tables == 0;
    if !is_new && application != APPLICATION_ID {
        return Err(foreign(folder));
    }
    // The unused components are deleted at the start: without a database, that would be all.
    if is_new && folder.has_components() {
        return Err(OpenError::NoDatabase {
            folder: folder.path().to_owned(),
        });
    }
    if version > VERSION {
        return Err(OpenError::Newer {
            folder: folder.path().to_owned(),
            found: version,
            supported: VERSION,
        });
    }
    let verdict: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(wrapped)?;
    if verdict != "ok" {
        return Err(damaged(folder, verdict));
    }
    match missing_table(connection, version).map_err(|error| migration_error(folder, error))? {
        Some(table) => Err(damaged(folder, format!("the table {table} is missing"))),
        None => Ok(()),
    }
}

/// A table that a database of this version has, and this one does not.
fn missing_table(
    connection: &Connection,
    version: i64,
) -> Result<Option<String>, rusqlite_migration::Error> {
    let mut whole = Connection::open_in_memory()?;
    MIGRATIONS.to_version(&mut whole, usize::try_from(version).unwrap_or_default())?;
    let found = tables(connection)?;
    Ok(tables(&whole)?.difference(&found).next().cloned())
}

fn tables(connection: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    connection
        .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        )?
        .query_map([], |row| row.get(0))?
        .collect()
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    // Each commit is on the disk before it is acknowledged.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update_and_check(None, "journal_size_limit", 16 << 20, |_| Ok(()))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.busy_timeout(std::time::Duration::from_secs(5))
}

fn migrate(folder: &Folder, connection: &mut Connection) -> Result<(), OpenError> {
    // In this order: a database that has tables has the id too, whatever happens in between.
    let version: i64 = pragma(connection, "user_version").map_err(|error| wrap(folder, error))?;
    if version == 0 {
        connection
            .pragma_update(None, "application_id", APPLICATION_ID)
            .map_err(|error| wrap(folder, error))?;
    }
    MIGRATIONS
        .to_latest(connection)
        .map_err(|error| migration_error(folder, error))
}

fn migration_error(folder: &Folder, error: rusqlite_migration::Error) -> OpenError {
    match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => wrap(folder, err),
        other => damaged(folder, other.to_string()),
    }
}

fn pragma<T: rusqlite::types::FromSql>(connection: &Connection, name: &str) -> rusqlite::Result<T> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

/// The error for a `functions.db` that no store wrote.
fn foreign(folder: &Folder) -> OpenError {
    let database = folder.database();
    let found = database.file_name().unwrap_or_default();
    OpenError::Foreign {
        folder: folder.path().to_owned(),
        found: found.to_string_lossy().into_owned(),
    }
}

fn damaged(folder: &Folder, reason: String) -> OpenError {
    OpenError::Damaged {
        folder: folder.path().to_owned(),
        reason,
    }
}

/// Names the folder, and the fix where one is known.
fn wrap(folder: &Folder, error: rusqlite::Error) -> OpenError {
    let inaccessible = |kind: std::io::ErrorKind| OpenError::of_file(folder.path(), kind.into());
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            damaged(folder, error.to_string())
        }
        Some(ErrorCode::ReadOnly) => inaccessible(std::io::ErrorKind::ReadOnlyFilesystem),
        Some(ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            inaccessible(std::io::ErrorKind::PermissionDenied)
        }
        Some(ErrorCode::DiskFull) => inaccessible(std::io::ErrorKind::StorageFull),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::Locked {
            folder: folder.path().to_owned(),
        },
        _ => OpenError::Database {
            folder: folder.path().to_owned(),
            source: error,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The version that `check` compares with is that of the last migration.
    #[test]
    fn version_is_that_of_the_last_migration() {
        let mut connection = Connection::open_in_memory().unwrap();
        MIGRATIONS.to_latest(&mut connection).unwrap();
        let version: i64 = pragma(&connection, "user_version").unwrap();
        assert_eq!(version, VERSION);
    }
}
