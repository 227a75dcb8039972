//! Deletes workers, piece by piece: others write between, however much a worker has.

use rusqlite::{Connection, OptionalExtension as _, params};

/// How much goes at once, in rows and in bytes.
const ROWS: usize = 1_000;
const BYTES: u64 = 8 << 20;

/// What a worker has: the table, its order, and what is long in it.
const PARTS: [(&str, &str, &str); 3] = [
    ("worker_queue", "number", "params"),
    ("worker_journal", "seq", "data"),
    ("worker_results", "number", "outcome"),
];

/// Marks a worker as deleted, so that it is no longer found, and returns its id, or `None` if it does not exist.
/// [`clear`] deletes its data.
pub(crate) fn delete(
    connection: &Connection,
    component: &str,
    name: &str,
) -> rusqlite::Result<Option<i64>> {
    // No component is named so, and no start continues with what has exited.
    connection
        .prepare_cached(
            "UPDATE workers SET component = '', name = CAST(id AS TEXT), state = 'exited', error = NULL,
                 args = '[]', env = '{}', updates = '[]', resources = '{}'
             WHERE component = ?1 AND name = ?2 AND component <> '' RETURNING id",
        )?
        .query_row(params![component, name], |row| row.get(0))
        .optional()
}

/// Deletes a piece of what a deleted worker has. Returns whether nothing is left.
pub(crate) fn clear(connection: &Connection, id: i64) -> rusqlite::Result<bool> {
    let (mut rows, mut bytes) = (0, 0);
    for (table, order, long) in PARTS {
        let mut select = connection.prepare_cached(&format!(
            "SELECT {order}, length({long}) FROM {table} WHERE worker = ?1 ORDER BY {order}"
        ))?;
        let mut found = select.query([id])?;
        let mut last: Option<i64> = None;
        while let Some(row) = found.next()? {
            if rows == ROWS || bytes > BYTES {
                break;
            }
            last = Some(row.get(0)?);
            rows += 1;
            bytes += row.get::<_, i64>(1)?.unsigned_abs();
        }
        drop(found);
        let Some(last) = last else { continue };
        connection
            .prepare_cached(&format!(
                "DELETE FROM {table} WHERE worker = ?1 AND {order} <= ?2"
            ))?
            .execute(params![id, last])?;
        if rows == ROWS || bytes > BYTES {
            return Ok(false);
        }
    }
    connection
        .prepare_cached("DELETE FROM workers WHERE id = ?1 AND component = ''")?
        .execute([id])?;
    Ok(true)
}

/// Deleted workers of which something is left.
pub(crate) fn deleted(connection: &Connection) -> rusqlite::Result<Vec<i64>> {
    connection
        .prepare_cached("SELECT id FROM workers WHERE component = ''")?
        .query_map([], |row| row.get(0))?
        .collect()
}
