//! How many handles one invocation may hold.

use wasmtime::component::ResourceTable;

/// How many handles an invocation may hold before the host takes no more requests and calls of its own,
/// which can fail. An entry is memory of the host's.
const MAX_HANDLES: usize = 1000;

/// How many entries there may be at all; more are a trap. Each handle may have a pollable besides, which
/// takes two: a function that makes no others never gets there. A request or call that is refused has a
/// handle as well, until its error is taken: the SDK takes it at once.
pub(crate) const MAX_ENTRIES: usize = 3 * MAX_HANDLES;

/// A table for one invocation.
pub(super) fn table() -> ResourceTable {
    let mut table = ResourceTable::new();
    table.set_max_capacity(MAX_ENTRIES);
    table
}

/// Whether there may be one handle more: for what gives handles and can fail.
///
/// Counts, for the table's own capacity says nothing of entries that are free again: there as many as ever
/// were may be taken. Most functions have a few.
pub(super) fn has_room(table: &mut ResourceTable) -> bool {
    table.iter_mut().take(MAX_HANDLES).count() < MAX_HANDLES
}

#[cfg(test)]
mod tests {
    use super::*;

    /// There is room up to the limit, and again when handles go; what is not asked for gets more.
    #[test]
    fn room_ends_at_the_limit() {
        let mut table = table();
        let mut all = Vec::new();
        while has_room(&mut table) {
            all.push(table.push(()).unwrap());
        }
        assert_eq!(all.len(), MAX_HANDLES);
        while let Ok(entry) = table.push(()) {
            all.push(entry);
        }
        assert_eq!(all.len(), MAX_ENTRIES);
        // Not where some of too many are gone, either.
        while all.len() >= MAX_HANDLES {
            assert!(!has_room(&mut table));
            table.delete(all.swap_remove(all.len() / 2)).unwrap();
        }
        assert!(has_room(&mut table));
        all.into_iter()
            .for_each(|entry| table.delete(entry).unwrap());
        assert!(table.is_empty() && has_room(&mut table));
        assert!(table.is_empty());
    }
}
