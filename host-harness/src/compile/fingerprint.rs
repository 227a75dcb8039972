//! What compiled code depends on besides the component, as one hash.

use std::hash::{Hash as _, Hasher};

use sha2::{Digest as _, Sha256};

/// The files that decide what a component becomes as it is compiled, and whether its instances may be
/// reused. A list in them that is tightened has to reach what was compiled before.
const SOURCES: &[(&str, &[u8])] = &[
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

/// Computed as this is compiled, so that no start pays for it. A change is told from none by accident
/// only, which 64 bits are enough for.
const SOURCES_HASH: u64 = fnv1a(SOURCES);

/// A hash of wasmtime's version and settings, of the processor, and of what this host decides about a
/// component as it compiles it. What was compiled under another one is not used.
pub(crate) fn of(engine: &wasmtime::Engine) -> [u8; 32] {
    let mut hasher = StableHasher(Sha256::new());
    SOURCES_HASH.hash(&mut hasher);
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.0.finalize().into()
}

/// Takes what wasmtime hashes of itself into a hash that is the same in every process.
struct StableHasher(Sha256);

impl Hasher for StableHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Of no use: nobody asks for 64 bits of it.
    fn finish(&self) -> u64 {
        0
    }
}

/// The FNV-1a hash of all files, one after the other.
#[expect(clippy::indexing_slicing, reason = "iterators are not for constants")]
const fn fnv1a(files: &[(&str, &[u8])]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;

    let mut hash = OFFSET;
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

    /// Whatever decides what becomes of a component is part of the hash: a file that is new has to be
    /// listed above.
    #[test]
    fn all_of_rewrite_is_hashed() {
        let compile = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/compile");
        let mut there = BTreeSet::new();
        files_below(&compile.join("rewrite"), &mut there);
        let listed = SOURCES.iter().map(|(name, _)| (*name).to_owned());
        let listed: BTreeSet<_> = listed.filter(|name| name.starts_with("rewrite/")).collect();
        assert_eq!(listed, there);
        for (name, contents) in SOURCES {
            assert_eq!(
                std::fs::read(compile.join(name)).unwrap(),
                *contents,
                "{name}"
            );
        }
    }

    /// One letter more or less, or elsewhere, is another hash.
    #[test]
    fn every_letter_counts() {
        let of = |text: &'static [u8]| fnv1a(&[("a", text)]);
        assert_eq!(of(b"foobar"), 0x8594_4171_f739_67e8);
        assert_ne!(of(b"ab"), of(b"ba"));
    }
}
