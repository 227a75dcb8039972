//! A fingerprint of everything but the component that compiled code depends on.

use std::hash::{Hash as _, Hasher};

use sha2::{Digest as _, Sha256};

/// The files that decide how a component is compiled, and whether instances are reusable. A
/// stricter check in one of them must invalidate code that was compiled before.
const SOURCES: &[(&str, &[u8])] = &[
    (
        "rewrite/checked_calls.rs",
        include_bytes!("rewrite/checked_calls.rs"),
    ),
    (
        "rewrite/forwarding.rs",
        include_bytes!("rewrite/forwarding.rs"),
    ),
    (
        "rewrite/inline_shim/component.rs",
        include_bytes!("rewrite/inline_shim/component.rs"),
    ),
    (
        "rewrite/inline_shim/mod.rs",
        include_bytes!("rewrite/inline_shim/mod.rs"),
    ),
    (
        "rewrite/inline_shim/module.rs",
        include_bytes!("rewrite/inline_shim/module.rs"),
    ),
    (
        "rewrite/inline_shim/layout.rs",
        include_bytes!("rewrite/inline_shim/layout.rs"),
    ),
    ("rewrite/mod.rs", include_bytes!("rewrite/mod.rs")),
    (
        "rewrite/reusable/handles.rs",
        include_bytes!("rewrite/reusable/handles.rs"),
    ),
    (
        "rewrite/reusable/instructions.rs",
        include_bytes!("rewrite/reusable/instructions.rs"),
    ),
    (
        "rewrite/reusable/mod.rs",
        include_bytes!("rewrite/reusable/mod.rs"),
    ),
    (
        "rewrite/reusable/module.rs",
        include_bytes!("rewrite/reusable/module.rs"),
    ),
    (
        "rewrite/reusable/reusable_module.rs",
        include_bytes!("rewrite/reusable/reusable_module.rs"),
    ),
    (
        "rewrite/reusable/summary.rs",
        include_bytes!("rewrite/reusable/summary.rs"),
    ),
    ("rewrite/sections.rs", include_bytes!("rewrite/sections.rs")),
    (
        "rewrite/index_spaces.rs",
        include_bytes!("rewrite/index_spaces.rs"),
    ),
    (
        "rewrite/reusable/parameters.rs",
        include_bytes!("rewrite/reusable/parameters.rs"),
    ),
    (
        "rewrite/reusable/verify.rs",
        include_bytes!("rewrite/reusable/verify.rs"),
    ),
    (
        "rewrite/trip_wires.rs",
        include_bytes!("rewrite/trip_wires.rs"),
    ),
    ("not_reusable.rs", include_bytes!("not_reusable.rs")),
    ("footprint.rs", include_bytes!("footprint.rs")),
    ("nesting/mod.rs", include_bytes!("nesting/mod.rs")),
    ("component_bytes.rs", include_bytes!("component_bytes.rs")),
];

/// Computed at compile time, so that no start pays for it. It only has to notice accidental
/// changes, for which 64 bits are enough.
const SOURCES_HASH: u64 = fnv1a(SOURCES);

/// A hash of wasmtime's version and settings, of the processor, and of this host's rules for
/// components. Code compiled under another fingerprint is not used.
pub(crate) fn of(engine: &wasmtime::Engine) -> [u8; 32] {
    let mut hasher = StableHasher(Sha256::new());
    SOURCES_HASH.hash(&mut hasher);
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.0.finalize().into()
}

/// Feeds wasmtime's hash into one that is the same in every process.
struct StableHasher(Sha256);

impl Hasher for StableHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Unused: nobody asks for a 64-bit hash.
    fn finish(&self) -> u64 {
        0
    }
}

/// The FNV-1a hash of all files in order.
#[expect(clippy::indexing_slicing, reason = "iterators are not for constants")]
const fn fnv1a(files: &[(&str, &[u8])]) -> u64 {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;

    let mut hash = OFFSET_BASIS;
    let mut file = 0;
    while file < files.len() {
        let bytes = files[file].1;
        let mut at = 0;
        while at < bytes.len() {
            hash = (hash ^ bytes[at] as u64).wrapping_mul(PRIME);
            at += 1;
        }
        file += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn files_below(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let is_test = path.file_stem().is_some_and(|stem| stem == "tests");
            if path.is_dir() && !is_test {
                files_below(&path, found);
            } else if !is_test {
                let compile = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/compile");
                let path = path.strip_prefix(compile).unwrap();
                found.insert(path.to_str().unwrap().to_owned());
            }
        }
    }

    /// Every file that decides how a component is compiled is hashed: a new one must be listed
    /// above.
    #[test]
    fn every_file_of_rewrite_is_hashed() {
        let compile = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/compile");
        let mut present = BTreeSet::new();
        files_below(&compile.join("rewrite"), &mut present);
        let listed = SOURCES.iter().map(|(name, _)| (*name).to_owned());
        let listed: BTreeSet<_> = listed.filter(|name| name.starts_with("rewrite/")).collect();
        assert_eq!(listed, present);
        for (name, contents) in SOURCES {
            assert_eq!(
                std::fs::read(compile.join(name)).unwrap(),
                *contents,
                "{name}"
            );
        }
    }

    /// A changed, added or moved letter changes the hash.
    #[test]
    fn every_letter_changes_the_hash() {
        let of = |text: &'static [u8]| fnv1a(&[("a", text)]);
        assert_eq!(of(b"foobar"), 0x8594_4171_f739_67e8);
        assert_ne!(of(b"ab"), of(b"ba"));
    }
}
