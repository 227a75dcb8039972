//! Which pages are doc tests.

use std::path::Path;

/// Every page of this folder with Rust code is compiled, and none of its code is left out.
#[test]
fn pages_with_rust_are_doc_tests() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR"));
    let included = include_str!("../src/lib.rs");
    let mut found = 0;
    for entry in std::fs::read_dir(docs).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if !name.ends_with(".md") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        if text.contains("```rust") {
            found += 1;
            assert!(included.contains(name), "add {name} to docs/src/lib.rs");
            assert!(!text.contains("```rust,ignore"), "{name} has ignored code");
        }
    }
    assert!(found > 3);
}
