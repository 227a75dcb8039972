//! How many handles one invocation may hold.

use wasmtime::component::ResourceTable;

/// How many handles an invocation may hold before the host takes no more requests and calls of its own,
/// which can fail. An entry is memory of the host's.
const MAX_HANDLES: usize = 1000;

/// How many entries there may be at all; more are a trap. Each handle may have a pollable besides, which
/// takes two: so who makes no others never gets there.
pub(crate) const MAX_ENTRIES: usize = 3 * MAX_HANDLES;

/// A table for one invocation.
pub(super) fn table() -> ResourceTable {
    let mut table = ResourceTable::new();
    table.set_max_capacity(MAX_ENTRIES);
    table
}

/// Whether there may be one handle more: for what gives handles and can fail.
pub(super) fn has_room(table: &mut ResourceTable) -> bool {
    table.set_max_capacity(MAX_HANDLES);
    let tried = table.push(());
    table.set_max_capacity(MAX_ENTRIES);
    tried.is_ok_and(|entry| table.delete(entry).is_ok())
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
        assert!(!has_room(&mut table));
        all.into_iter()
            .for_each(|entry| table.delete(entry).unwrap());
        assert!(table.is_empty() && has_room(&mut table));
        assert!(table.is_empty());
    }
}
