//! Bodies are JSON objects. `serde` also takes an array for a struct, whose members it then is in their order.

/// Whether JSON is an object.
pub(super) fn is_object(json: &[u8]) -> bool {
    json.trim_ascii_start().starts_with(b"{")
}
