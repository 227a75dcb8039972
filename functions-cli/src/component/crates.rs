//! Which crate a function comes from.

/// What has no path: C, compiler built-ins, and what the linker adds.
pub(super) const RUNTIME: &str = "C and runtime";

/// The crate of a function with a demangled name: that of the type whose method it is, or else of its trait or
/// module.
pub(super) fn crate_of(name: &str) -> &str {
    if !name.contains("::") {
        return RUNTIME;
    }
    // `<u8 as alloc::slice::hack::ConvertVec>::to_vec` is the trait's.
    let of_trait = || {
        name.split_once(" as ")
            .and_then(|(_, rest)| first_path(rest))
    };
    // `<str>::trim` and `<[u8]>::concat` are core's.
    first_path(name).or_else(of_trait).unwrap_or("core")
}

/// The first name of a path, after what stands before paths: `<&mut [a::B]>` is `a`. `None` for the name of a
/// type alone: a primitive, or a parameter.
fn first_path(name: &str) -> Option<&str> {
    let mut rest = name;
    loop {
        let trimmed = rest.trim_start_matches(['<', '&', '(', '[', ' ', '*', '{']);
        let words = ["mut ", "const ", "dyn ", "impl "];
        let word = words.iter().find_map(|word| trimmed.strip_prefix(word));
        match word {
            Some(after) => rest = after,
            None if trimmed.len() == rest.len() => break,
            None => rest = trimmed,
        }
    }
    let is_in_name = |c: char| c.is_alphanumeric() || c == '_';
    let end = rest.find(|c| !is_in_name(c)).unwrap_or(rest.len());
    let (first, after) = rest.split_at_checked(end)?;
    (!first.is_empty() && after.starts_with("::")).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Methods belong to the crate of their type, functions to that of their module.
    #[test]
    fn crates_are_found() {
        for (name, of) in [
            ("serde_json::de::from_slice", "serde_json"),
            (
                "<serde_json::de::Deserializer<R> as serde::de::Deserializer>::deserialize_struct",
                "serde_json",
            ),
            (
                "<&mut alloc::vec::Vec<u8> as core::fmt::Write>::write_str",
                "alloc",
            ),
            ("<u8 as alloc::slice::hack::ConvertVec>::to_vec", "alloc"),
            ("<[T] as my_crate::Ext>::go", "my_crate"),
            ("core::ptr::drop_in_place<hello::Request>", "core"),
            ("<str>::trim", "core"),
            ("<dyn core::any::Any>::is", "core"),
            ("memcpy", RUNTIME),
            ("cabi_realloc", RUNTIME),
        ] {
            assert_eq!(crate_of(name), of, "{name}");
        }
    }
}
