//! Limits how many handles one invocation may hold.

use wasmtime::component::ResourceTable;

/// How many handles an invocation may hold before its requests and calls are refused. Each handle takes
/// memory of the host.
const MAX_HANDLES: usize = 1000;

/// How many table entries an invocation may hold; one more traps.
///
/// Each handle may have a pollable, which takes two entries, so three entries a handle are enough. A
/// refused request or call also has a handle until its error is taken; the SDK takes it at once.
pub(crate) const MAX_ENTRIES: usize = 3 * MAX_HANDLES;

/// Creates the table of one invocation.
pub(super) fn table() -> ResourceTable {
    let mut table = ResourceTable::new();
    table.set_max_capacity(MAX_ENTRIES);
    table
}

/// Whether one more handle fits: for calls that create handles and can fail.
///
/// This counts entries, because the table's own capacity includes free entries. Most functions have a
/// few.
pub(super) fn has_room(table: &mut ResourceTable) -> bool {
    table.iter_mut().take(MAX_HANDLES).count() < MAX_HANDLES
}

#[cfg(test)]
mod tests {
    use super::*;

    /// There is room up to the limit, and again when handles are dropped; unchecked entries may exceed it.
    #[test]
    fn handles_are_limited() {
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
        // There is no room while more handles than the limit are left.
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
